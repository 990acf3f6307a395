"""One's own user name, and changing it. Leans on `users`, `mail` and `throttling`.

Standards: OWASP ASVS 5.0 6.3.5, 7.5.1.
"""
