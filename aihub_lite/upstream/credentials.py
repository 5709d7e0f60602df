"""Keys as they are used: `env:NAME` is looked up each time and copied nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.domain.channel import Secret

ENV = "env:"


def resolve(ref: Secret, environ: Mapping[str, str]) -> str | None:
    """The key behind a channel's `ref`, without surrounding blanks; None when it is empty or the variable is unset."""
    value = ref.value
    if value.startswith(ENV):
        value = environ.get(value.removeprefix(ENV), "")
    return value.strip() or None
