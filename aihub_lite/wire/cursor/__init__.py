"""What Cursor posts to `/v1/chat/completions`: items of Responses, flat tools, Anthropic's blocks; answered as chat.

May import `wire.chat`, `wire.responses` and `wire.anthropic.surface`.
"""
