"""Upstreams that are reached through proxies, by an own authority, from an address of ours."""
