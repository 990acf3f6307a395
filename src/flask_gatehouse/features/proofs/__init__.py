"""Secrets that travel in letters: whoever brings one back has read the mailbox it went to.

A link and, where a page waits for it, a code: made for one purpose, good once, for a while, for the
account as it was. What is proven opens nothing by itself: the feature that had the letter sent
decides what follows. Leans on `users` and `throttling`.

Standards: OWASP ASVS 5.0 6.4.3, 6.5.1, 6.6.3; NIST SP 800-63B-4 4.2.1.2.
"""
