"""Requests as people look for them: records and refusals in one list, and the times of one.

May import `domain`, `errors`, `gateway.core`, `storage`, `storage.requests` and `web.views`.
"""
