"""Tests of who asks, and of what each role may do."""
