"""Lines for whoever watches a site: of what goes wrong, of requests, and of what is recorded.

Leans on nothing. Standards: OWASP ASVS 5.0 16.2, 16.4.3.
"""
