"""Second factors: what an account has of them, and who is let in without one.

Every way in asks here, at the one desk, so no way in can forget it. Kinds of factors are features
of their own and hang on the rows that are kept here.

Leans on: login, sessions, users, mail. Standards: NIST SP 800-63B-4; OWASP ASVS 5.0 6.3, 6.5, 6.8.
"""
