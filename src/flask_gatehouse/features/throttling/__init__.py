"""Limits on attempts: counted first, shared by all workers, never locking a person.

Leans on: nothing. Standards: OWASP ASVS 5.0 6.3.1; NIST SP 800-63B-4 3.2.2.
"""
