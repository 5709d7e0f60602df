"""Mails, against a real server."""
