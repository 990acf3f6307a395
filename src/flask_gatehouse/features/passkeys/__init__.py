"""Passkeys: key pairs of a person's device that prove who they are, alone or beside a password.

A passkey that verified its holder is possession and verification in one, and needs no password;
one that did not is possession alone. What a browser is asked to sign is good once, for five
minutes, for one purpose and in one browser. Leans on `mfa`, `login` and `throttling`.

Standards: W3C Web Authentication Level 3; OWASP ASVS 5.0 6.5, 6.7; NIST SP 800-63B-4 3.1.6, 3.2.5,
appendix B.
"""
