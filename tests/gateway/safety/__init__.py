"""Tests of the runaway breaker."""
