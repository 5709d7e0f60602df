"""Who shares a gateway, and its bill.

May import `errors` and `domain`.
"""
