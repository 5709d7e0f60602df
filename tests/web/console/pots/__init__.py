"""Tests of the pages of budgets, credits and statements."""
