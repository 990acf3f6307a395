"""Recovery codes: ten of them on paper, each good once, for whoever lost the other factors.

They come with the first factor of an account, are shown once, and a new set voids the one before.
Leans on `mfa`, which asks for them and knows when they are due.

Standards: OWASP ASVS 5.0 6.5.1, 6.5.2, 6.5.3, 6.5.4; NIST SP 800-63B-4 3.1.2, 4.2.1.1.
"""
