"""Who changed what, from what to what, when and from where: one entry for each thing that a request changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

Via = Literal["admin key", "command line", "session", "person", "gateway", "nobody"]
"""What let the request in: the admin key, the key that a run writes for commands on its own machine, a session that the
admin key has opened, a person's session. The gateway: no request, it did that by itself. Nobody: it was not let in."""
Values = tuple[object, object]
"""Before and after, as JSON has them; None where there was or is nothing."""


@attrs.frozen(kw_only=True)
class Change:
    """One thing that was changed."""

    kind: str
    """`token`, `channel`, `person`…"""
    id: str
    name: str
    fields: Mapping[str, Values] = attrs.field(factory=dict)
    """What became otherwise, by field. Never a key, a digest, a password or the value of a header."""


@attrs.frozen(kw_only=True)
class AuditEntry:
    """One line of the audit log. `at_ms` is in Unix ms."""

    at_ms: int
    via: Via
    by: str
    """The person's name, else what let the request in."""
    person_id: str = ""
    """Who it was; empty where it was no person."""
    address: str
    """Where the request came from."""
    action: str
    """The route's name, or `sign_in`, `sign_out`, `failed_sign_in`."""
    change: Change
    request_id: str = ""
