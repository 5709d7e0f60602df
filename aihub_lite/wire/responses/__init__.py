"""OpenAI's Responses as clients ask for them: items become chat, the answer becomes items and events.

May import `wire.chat` and `wire.passthrough`.
"""
