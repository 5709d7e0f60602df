"""The client's side of one exchange: reading its request, answering it, keeping it alive, noticing that it left.

May import `state`, `domain` and `wire`; knows ASGI messages, but no framework.
"""
