"""Tests of the breaker's facts and arithmetic."""
