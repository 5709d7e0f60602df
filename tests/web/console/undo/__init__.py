"""What pages offer to undo."""
