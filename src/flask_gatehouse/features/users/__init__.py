"""Who exists: accounts, and the names by which they are found.

Leans on: audit (through recorded events). Standards: OWASP ASVS 5.0 6.3.2; Unicode UTS 39.
"""
