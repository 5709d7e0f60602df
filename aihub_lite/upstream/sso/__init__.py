"""Issuers of OpenID Connect, who say who signs in.

May import `errors`, `domain` and `upstream`, whose transport it asks by.
"""
