"""Pauses as administrators and people see and end them."""
