"""The gateway's own backups: where they go, how the last one ended.

May import `config`, `domain`, `gateway.state` and storage; `gateway.upkeep` says when one is made.
"""
