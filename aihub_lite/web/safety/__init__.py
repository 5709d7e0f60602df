"""The runaway breaker as the APIs and pages show it.

May import `domain`, `gateway.core`, `storage.safety` and `web.views`.
"""
