"""The record on pages: found, followed, and carried away by whom it is for.

Leans on: audit, login, roles, users. Standards: OWASP ASVS 5.0 8.2.1, V16.
"""
