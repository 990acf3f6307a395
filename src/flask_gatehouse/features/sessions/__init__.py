"""Open doors: sessions kept on the server, found by a handle that only the browser has.

Leans on: users. Standards: OWASP ASVS 5.0 V7; NIST SP 800-63B-4 section 5.
"""
