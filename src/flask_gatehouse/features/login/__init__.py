"""The front desk: every way in ends here, and only from here a session is opened.

Leans on: sessions, users. Standards: OWASP ASVS 5.0 6.3.4, 7.2.4, 7.4.1.
"""
