"""Which channel comes next, and what an upstream's fault does to it."""
