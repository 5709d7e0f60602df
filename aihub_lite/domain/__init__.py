"""Facts and rules: frozen values and what follows from them. No I/O, no framework, no format.

What storage decodes is built without `__init__`: nothing here relies on it. May import `errors` only.
"""
