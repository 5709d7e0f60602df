"""What clients do that nobody knows, and what is done beside them; each test names its case in RULES.md by its T-id."""
