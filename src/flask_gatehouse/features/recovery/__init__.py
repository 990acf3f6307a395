"""A way back for whoever forgot a password: a letter with a link and a code that set a new one.

It proves the mailbox, sets a password, ends every session and opens none, so nobody comes round a
second factor by it. Leans on `passwords`, `proofs`, `mail` and `throttling`.

Standards: OWASP ASVS 5.0 6.4.3, 6.3.8; OWASP Forgot Password cheat sheet; NIST SP 800-63B-4
4.2.1.2.
"""
