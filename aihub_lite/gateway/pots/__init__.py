"""What is left in pots while the gateway runs: windows that refill, money on hold, and draws from a chain of pots.

May import `errors`, `domain` and `domain.pots`.
"""
