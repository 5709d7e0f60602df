"""Calls that were refused before they were booked, and what of any error may be kept on the disk.

May import `domain`, `errors`, `storage.requests`, `wire`, and `gateway.client` and `gateway.state`.
"""
