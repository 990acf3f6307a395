"""Whoever helps people sees the site as one of them: marked, recorded, for a while, and only looks.

Leans on: `login`, which alone may open the session of a view, `roles`, `sessions`, `users`.

Standards: OWASP ASVS 5.0 8.2.1, 8.3.1, 16.2.1.
"""
