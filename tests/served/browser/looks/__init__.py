"""People and teams in the console, in Chromium."""
