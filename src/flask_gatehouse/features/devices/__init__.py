"""My devices: where a person is signed in, and ending it from here.

Leans on: sessions, login. Standards: OWASP ASVS 5.0 7.5.2.
"""
