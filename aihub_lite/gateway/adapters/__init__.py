"""Formats on either side of an attempt: what a surface asks becomes what an upstream is told, and back.

A surface is what a client speaks, a wire what an upstream speaks; the translating itself is pure and lives in `wire`.
May import `client`, `routing`, `state`, `upstream`'s tables and `wire`.
"""
