"""What goes wrong between clients, gateway and upstreams; each test names its case in RULES.md by its T-id.

Times come from the scaled settings; where a test is about a clock, from `QUICK`.
"""

from collections.abc import Mapping

from tests.support.process import SCALED

LATE = 1.0
"""Seconds that a busy machine may add to a figure."""
QUICK: Mapping[str, object] = {
    **SCALED,
    "connect_timeout": 0.5,
    "first_byte_timeout": 1,
    "idle_timeout": 1,
    "body_timeout": 1,
    "write_timeout": 1,
}
"""Clocks for tests that wait for them."""
