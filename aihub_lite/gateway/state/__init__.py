"""What the gateway knows while it runs, authoritative in memory: tokens, channels, money, limits, settings, flights.

Durable through `storage`. May import that, `config`, `domain`, `wire` and `upstream`'s tables; no other room of the
gateway.
"""
