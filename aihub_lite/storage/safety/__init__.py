"""What is paused for safety, in the database.

May import `errors`, `domain`, `domain.safety`, `storage.reports` and `storage.sqlite`.
"""
