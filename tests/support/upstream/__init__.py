"""Upstreams that do exactly what a test tells them: scripts of steps, answers of providers, what was received."""
