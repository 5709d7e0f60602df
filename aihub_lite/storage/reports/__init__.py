"""Sums of usage by whatever a record knows: from tables of sums where these have it, else from the records.

May import `domain`, `errors` and the rest of `storage`.
"""
