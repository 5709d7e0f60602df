"""Upstreams: who they are, how they are reached, what their answers weigh.

The only room that speaks to providers, by its own client of HTTP/1.1 (`http1`), and that asks the price table. May
import `domain` and `wire`.
"""
