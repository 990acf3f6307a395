"""The e-mail addresses of an account, in the hands of whoever owns it.

An address is added when its mailbox is proven and not before. Whoever makes another one the primary
address cannot keep the owner out: a letter to the former one holds a way back. Leans on `users`,
`proofs`, `mail` and `throttling`.

Standards: OWASP ASVS 5.0 6.3.5, 7.5.1; OWASP Authentication cheat sheet (change of e-mail address);
NIST SP 800-63B-4 4.2.1.2, 4.6.
"""
