"""The straight line every relayed request walks."""
