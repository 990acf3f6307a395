"""Who may do what: roles bundle permissions, and people have roles, for ever or for a time.

Leans on `users`. Standards: OWASP ASVS 5.0 V8; NIST INCITS 359 (role based access control).
"""
