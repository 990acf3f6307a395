"""People who have no account yet are asked in by a letter; its link makes the account.

An invitation is bound to an address, has a role, ends by itself, and can be sent again or taken
back. Leans on `proofs`, `passwords` and `users`.
"""
