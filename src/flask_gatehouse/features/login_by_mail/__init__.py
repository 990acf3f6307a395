"""A way in by a letter: its link or its code opens a session in the browser that asked for it.

Off unless a site allows it. It proves a mailbox, which is one way in and never a second factor.
Leans on `login`, `proofs`, `mail` and `throttling`.

Standards: OWASP ASVS 5.0 6.3.6, 6.5.4, 6.5.5, 6.6.2, 6.6.3; NIST SP 800-63B-4 3.1.3.1, 3.1.3.2.
"""
