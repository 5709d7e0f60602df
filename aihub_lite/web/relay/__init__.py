"""Everything below `/v1`: the endpoints that relay, and the few that tell a client about its key.

Raw ASGI, so that no framework stands between a request and the line. May import `gateway`, `wire` and what lies
directly in `web`.
"""
