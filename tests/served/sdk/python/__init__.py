"""The Python programs among the clients; each runs in an environment of its own and imports nothing of ours."""
