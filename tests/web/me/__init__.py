"""Tests of what a person may see and change of their own."""
