"""Moving in from gpt-load. The real databases are shared material; they are not part of the repository."""
