"""What was moved in from other gateways, in the database: everything of one import is one job of the writer.

May import `storage`, its rooms of people and pots, and `domain`.
"""
