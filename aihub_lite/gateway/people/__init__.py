"""Who shares this gateway: in memory while it runs, in storage to last.

May import `gateway.state`, `gateway.pots` and what those may, and the people and pots of `domain` and `storage`.
"""
