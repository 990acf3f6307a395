"""One's own data: a copy of all that is kept of a person, and the end of it.

Each feature says by its `Belongings` what it keeps; this one asks them all. Leans on `users`.

Standards: GDPR articles 15, 17 and 20; OWASP ASVS 5.0 14.2.7.
"""
