"""What is wrong with a gateway at a moment, what people are told of it, and where.

May import `errors` and `domain`.
"""
