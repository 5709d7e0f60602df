"""Gemini's generateContent and embeddings, as we ask for them: chat to Gemini and back.

May import `wire.chat` and `wire.passthrough`.
"""
