"""My account: what a person sees and changes of their own.

Leans on: nothing but who is signed in.
"""
