"""Numbers for a program that watches the site, in the text format of Prometheus.

Leans on: audit, mail, passwords, statistics. Standards: Prometheus exposition format 0.0.4;
RFC 6750 2.1; OWASP ASVS 5.0 13.4.5.
"""
