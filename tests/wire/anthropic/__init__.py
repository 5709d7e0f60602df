"""Anthropic's format: what both of its sides share."""
