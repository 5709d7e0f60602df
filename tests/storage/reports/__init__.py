"""Sums by whatever a record knows."""
