"""The straight line: authenticate, limit, parse, resolve, price and hold, open, relay, settle.

`pipeline.Line.serve` is all of it in order; failover, relaying and charging are its steps. May import every room of the
gateway but `upkeep` and `core`.
"""
