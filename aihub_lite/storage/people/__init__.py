"""People and teams as they are durable, one file a noun.

May import `domain`, `errors` and `storage.sqlite`.
"""
