"""A client asks us in Anthropic's words: Messages become chat, the answer becomes a message.

May import `wire.anthropic` and `wire.chat`, not `upstream`.
"""
