"""Which channel and key comes next: order, health, latency, and what a fault means for it.

May import `domain`, `wire` and `upstream`; nothing here waits for anything.
"""
