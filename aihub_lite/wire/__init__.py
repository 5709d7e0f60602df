"""Formats, pure: bytes and dicts in, bytes and dicts out; no clock, no random ids, no I/O.

`chat` is the hub: the other formats are translated to it and from it. What all of them share lies directly here. May
import `domain` and `errors` only.
"""
