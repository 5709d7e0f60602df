"""What is kept of refused calls."""
