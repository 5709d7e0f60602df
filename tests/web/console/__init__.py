"""The console's pages, seen by a visitor without a screen (`visitor.py`)."""
