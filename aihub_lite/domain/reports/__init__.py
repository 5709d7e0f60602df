"""What reports are made of. Pure.

May import `errors` and `domain`.
"""
