"""The first administrator: made once, by whoever started the site.

Leans on: login, passwords, users. Standards: OWASP ASVS 5.0 6.3.2.
"""
