"""Hours of mixed traffic at an even pace, and what grows by itself: `python -m tests.bench.soak --minutes 60`."""
