"""What was judged one by one: exchanges that are no answers, and where we rightly differ from others."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path


@functools.cache
def judged(what: str) -> Mapping[str, str]:
    """The reason, by the id of the exchange."""
    table = tomllib.loads(Path(__file__).with_name("judged.toml").read_text())
    return {recording: verdict["why"] for verdict in table[what] for recording in verdict["ids"]}
