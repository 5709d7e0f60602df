"""What the framework serves, in rooms that are made when they are first asked for.

May import all of `web`. Nothing here is imported before it is needed: the framework takes longer to import and to make
than everything else of a start together.
"""
