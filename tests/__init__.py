"""Tests mirror the rooms of the package. What needs real server processes stands under `served`, the harness under
`support`, with its own tests in `support/tests`."""

import pytest

pytest.register_assert_rewrite("tests.support")
