"""The runaway breaker: who leaves its own past, and who is paused for it.

May import `domain`, `gateway.mail`, `gateway.people`, `gateway.state`, `storage`, and what lies beneath.
"""
