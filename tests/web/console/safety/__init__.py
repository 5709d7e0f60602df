"""Pages of what is paused."""
