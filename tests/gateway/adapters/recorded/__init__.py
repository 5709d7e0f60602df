"""Recorded exchanges through every surface in process: no server, no network."""
