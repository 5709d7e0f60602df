"""Tests of the admin API of pots and credits."""
