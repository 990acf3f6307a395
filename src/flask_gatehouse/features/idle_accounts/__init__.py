"""Accounts that nobody uses: their owners are warned by a letter, and later they are put aside.

Off unless the owner of the site says after how long. Leans on `users` and `login`.

Standards: NIST SP 800-53 AC-2(3); GDPR article 5(1)(e).
"""
