"""What goes wrong between clients, gateway and upstreams; each test names its case in reliability.md by its T-id."""

LATE = 0.25
"""Seconds that a busy machine may add to a figure."""
"""Times in these tests come from the scaled settings: connect 0.5 s, first byte 1 s, idle 1 s, three attempts."""
