"""The priced models of the faults' tests."""

from __future__ import annotations

from tests.served.faults.conftest import serve

__all__ = ("serve",)
