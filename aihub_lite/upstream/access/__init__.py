"""How requests get in where that takes more than a key in a header: what a channel's credential is exchanged for is
fetched, kept until shortly before it expires, and sent.

May import: `domain`, `upstream.http1`. Libraries of the clouds are extras, imported on first use, in a thread.
"""
