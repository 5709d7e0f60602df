"""What is paused for safety, in the database.

May import `errors`, `domain`, `domain.safety` and `storage.sqlite`.
"""
