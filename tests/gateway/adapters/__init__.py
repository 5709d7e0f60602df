"""Surfaces but chat, with whatever a client or an upstream may say."""
