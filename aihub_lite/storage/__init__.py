"""What is durable, one file a noun: each knows its own table and turns rows into facts and back.

With `storage.sqlite` the only room that knows SQL. May import `domain` and `errors`.
"""
