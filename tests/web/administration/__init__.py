"""Tests of how what the framework serves is put together."""
