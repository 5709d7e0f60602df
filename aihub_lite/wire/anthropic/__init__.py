"""Anthropic Messages: what both sides share. We are its client in `upstream`, its server in `surface`.

May import `wire.chat`.
"""
