"""What three readers make of the same bytes: the front door, h11 and nginx.

`python -m tests.served.front.corpus` prints where they differ, and why we read as we do.
"""
