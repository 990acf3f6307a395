"""The protected area, and for administrators the console, on pages and on the command line.

Leans on: every feature; nothing leans on it.
"""
