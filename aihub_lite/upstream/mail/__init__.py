"""Mail servers: one letter at a time, within a time that is bounded, and why one was not taken.

May import `errors`, `domain` and `upstream`.
"""
