"""Whoever moves in from another gateway goes on calling with the key that they have."""
