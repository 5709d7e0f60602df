"""Databases of peers at real servers, which the tests start themselves and end."""
