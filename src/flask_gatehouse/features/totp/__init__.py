"""Codes from an authenticator app: six digits that are good for half a minute, and once.

A person may have several apps, each with a name. The seed that app and site share is shown once,
when it is set up, and is kept sealed. Leans on `mfa`, which knows who has which factors.

Standards: RFC 6238; RFC 4226; OWASP ASVS 5.0 6.5.1, 6.5.3, 6.5.5, 6.5.8; NIST SP 800-63B-4 3.1.4.
"""
