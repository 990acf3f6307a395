"""The doctor: looks at a deployment and says what to mend.

Asks every feature for what it knows. Standards: OWASP ASVS 5.0 V13.
"""
