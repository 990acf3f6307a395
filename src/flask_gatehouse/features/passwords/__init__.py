"""Passwords: the rules for choosing one, the hash that is stored, and the sign-in by password.

Leans on `login`, where every way in ends, and on `users`.
Standards: OWASP ASVS 5.0 V6.2, NIST SP 800-63B-4 3.1.1, RFC 9106.
"""
