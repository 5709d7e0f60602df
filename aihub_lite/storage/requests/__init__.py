"""What is kept of single requests, and how they are found: by whoever asks why one failed.

May import `domain`, `errors` and `storage.sqlite`.
"""
