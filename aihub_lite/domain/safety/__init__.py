"""Facts and arithmetic of the runaway breaker: what is usual for a token or a person, and what is far beyond it.

May import `domain`.
"""
