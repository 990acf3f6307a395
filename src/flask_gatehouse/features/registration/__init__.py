"""Making an account of one's own: a name, an address and a password, and the proof of the mailbox.

An account is always made, and without its address: that becomes the account's when somebody proves
that they read the mailbox, whoever registered with it before or besides. So one answer fits every
address, nobody keeps another's address by being faster, and what a stranger set before is void.
Leans on `passwords`, `proofs`, `mail` and `throttling`.

Standards: OWASP ASVS 5.0 6.3.8, 6.4.1; OWASP Authentication cheat sheet; NIST SP 800-63B-4 4.2.1.2.
"""
