"""People and teams on the disk."""
