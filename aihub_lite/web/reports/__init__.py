"""Reports as the admin API and the console show them: what an address asks, and the figures that answer it.

May import `domain`, `errors`, `storage`, the core and the state of the gateway, and the facts of `web`.
"""
