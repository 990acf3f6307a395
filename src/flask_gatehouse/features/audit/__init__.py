"""The record: what happened, to whom, from where, written in the transaction of the change.

Leans on: nothing. Standards: OWASP ASVS 5.0 V16.
"""
