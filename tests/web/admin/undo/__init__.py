"""What was deleted, put back over the admin API."""
