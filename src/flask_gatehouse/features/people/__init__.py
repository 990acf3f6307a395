"""People found and helped: by whoever runs the site, or was given a part of it.

Leans on: users, roles, sessions, passwords, mfa, recovery, addresses, names, leaving,
idle_accounts, devices, audit, mail.

Standards: OWASP ASVS 5.0 8.2.2, 8.2.3, 8.3.1.
"""
