"""Endpoints that are passed on as they are but for the model: embeddings, images, audio, and so on.

Each file knows one endpoint's body and how it is metered. May import `wire.chat`.
"""
