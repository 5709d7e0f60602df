"""Alerts: where they are sent, what was told already, and what is on its way.

May import `domain`, `storage`, `upstream` with its messengers, and the gateway's `state`. What there is to tell
is found by `gateway.conditions`.
"""
