"""HTTP in front: the only room that knows the web framework."""
