"""How requests are found."""
