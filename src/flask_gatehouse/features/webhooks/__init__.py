"""Tell other systems what happened: signed requests to addresses of theirs.

Leans on mail, users, roles, login.
Standards: Standard Webhooks 1.0; OWASP ASVS 5.0 1.3.6, 13.2.4, 13.2.5.
"""
