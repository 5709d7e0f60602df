"""Facts and rules: no I/O, no framework."""
