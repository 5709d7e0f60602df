"""A restart changes nothing: what was set up, what was spent, what is answered."""
