"""What is written for each noun and read back, on a real SQLite file."""
