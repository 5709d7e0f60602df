"""The admin API as it is described."""
