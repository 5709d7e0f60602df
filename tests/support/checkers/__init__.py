"""Strict readers of what the gateway writes, one for each surface, and of requests in an SDK's typed dicts."""
