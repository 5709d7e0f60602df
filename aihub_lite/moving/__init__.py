"""Moving in: what another gateway's database holds, read into facts of ours, whatever program wrote it.

`move.py` has the facts; each reader makes one `Move` of a database, and knows nothing of ours. What becomes of it is
`gateway.moving`'s business. May import `errors`, `domain` and `domain.people`, and sqlite3 for
files that are only read.
"""
