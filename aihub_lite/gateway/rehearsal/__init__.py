"""Many changes as one: tried on a copy of all that is administered, written at once, and then seen by all requests.

May import what `gateway.core` may, and `gateway.core`.
"""
