"""What a gpt-load had: groups of keys behind `/proxy/GROUP`, and the keys that its clients present.

To be read in this order: `database` (how it is written down), `facts` (what becomes of it here). May import `errors`,
`domain` and `moving`; sqlite3 for a file that is only read.
"""
