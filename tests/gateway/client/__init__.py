"""The client's side of one exchange: reading, writing, signs of life, leaving."""
