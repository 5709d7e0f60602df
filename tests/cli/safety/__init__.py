"""Tests of commands about safety."""
