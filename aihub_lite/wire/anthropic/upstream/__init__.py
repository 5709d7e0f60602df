"""We ask Anthropic: chat becomes Messages, the answer becomes chat.

May import `wire.anthropic` and `wire.chat`, not `surface`.
"""
