"""Letters: rendered from templates, kept in an outbox with the change, delivered after the commit.

Leans on: nothing. Standards: RFC 5322, RFC 3834, RFC 8314; OWASP ASVS 5.0 12.3.2.
"""
