"""Tests of pots: what people write for budgets, and the windows that they refill by."""
