"""Upstreams: the only room that speaks to providers."""
