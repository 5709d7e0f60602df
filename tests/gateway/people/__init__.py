"""Who shares a gateway."""
