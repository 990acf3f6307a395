"""My activity: what happened to one's own account, by whom it was asked for, and from where.

Leans on: audit, devices, login. Standards: OWASP ASVS 5.0 6.3.5, 8.2.2.
"""
