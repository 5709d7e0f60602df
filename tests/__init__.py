"""Tests mirror the rooms of the package; `support` is the harness, `support_tests` its own tests."""

import pytest

pytest.register_assert_rewrite("tests.support")
