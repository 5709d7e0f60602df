"""What is authoritative in memory: tokens, channels, balances, limits; interrupted calls leave all of it right."""
