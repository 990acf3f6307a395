"""How much happened, in pictures and numbers: the record counted by hours and days.

Leans on: audit, mfa, sessions, users. Standards: OWASP ASVS 5.0 8.2.1.
"""
