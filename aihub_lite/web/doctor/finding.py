"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

Severity = Literal["error", "warning", "info"]
"""error: something does not work, or is open to others. warning: it soon may. info: advice, while all is well."""
NAMED = 10
"""Things that a finding names one by one."""


@attrs.frozen
class Finding:
    """One thing that is not as it should be; its two sentences stand in the catalogues, by `code`."""

    code: str
    """Stable: programs may match on it."""
    severity: Severity
    facts: Mapping[str, str] = attrs.field(factory=dict)
    """What fills the sentences in; never a secret."""


def names_of(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    told = list(names)
    more = ""
    if len(told) > NAMED:
        more = f", … (+{len(told) - NAMED})"
    return ", ".join(told[:NAMED]) + more
