"""Recorded traffic of chat providers through a running gateway, asked for as chat and as Messages."""
