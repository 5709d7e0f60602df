"""Tests of the commands about budgets and credits."""
