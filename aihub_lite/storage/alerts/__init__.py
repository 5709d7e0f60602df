"""Destinations of alerts, what was told of and is not over, and what waits to be sent or was.

May import `domain.alerts`, the facts and `storage.sqlite`.
"""
