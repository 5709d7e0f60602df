"""Channels at Google Vertex AI, before a scripted Google that checks paths, tokens and bodies."""
