"""Backups as files: made, sealed with a passphrase, listed, removed when they are old, and put back.

May import `storage.sqlite`. The only room that knows pyrage, and only in a process of its own: it holds Python's lock.
"""
