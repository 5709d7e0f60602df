"""What a channel's operator changes in all that is sent to it, as the admin API takes and shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from aihub_lite.domain.overrides import NONE, Header, Overrides, check_overrides, headers_of, param_of
from aihub_lite.upstream.credentials import headers_unset
from aihub_lite.web.views import Json

SHORT = 12
"""Characters below which nothing of a value is shown."""


@attrs.frozen(kw_only=True, slots=False)  # of two classes that a third one inherits, one may have slots
class OverridesInput:
    """Fields of the bodies of POST and PATCH; each list that is there takes the place of what was."""

    headers: tuple[str, ...] = ()
    """`NAME=VALUE`, `NAME=env:VAR`; `NAME` alone keeps its value."""
    default_params: tuple[str, ...] = ()
    """`PATH=JSON`."""
    set_params: tuple[str, ...] = ()
    drop_params: tuple[str, ...] = ()
    """`PATH`."""
    system_prefix: str = ""


OVERRIDES = frozenset(field.name for field in attrs.fields(OverridesInput))


def overrides_of(fields: Collection[str], request: OverridesInput, before: Overrides | None = None) -> Overrides | None:
    """Those of before with what the `fields` of a body say; None where nothing is left. Raises InvalidRequest."""
    overrides = before or NONE
    if "headers" in fields:
        overrides = attrs.evolve(overrides, headers=headers_of(request.headers, overrides.headers))
    if "default_params" in fields:
        params = tuple(param_of(text, "default_params") for text in request.default_params)
        overrides = attrs.evolve(overrides, default_params=params)
    if "set_params" in fields:
        params = tuple(param_of(text, "set_params") for text in request.set_params)
        overrides = attrs.evolve(overrides, set_params=params)
    if "drop_params" in fields:
        overrides = attrs.evolve(overrides, drop_params=tuple(path.strip() for path in request.drop_params))
    if "system_prefix" in fields:
        overrides = attrs.evolve(overrides, system_prefix=request.system_prefix.strip())
    if overrides == NONE:
        return None
    check_overrides(overrides)
    return overrides


def overrides_json(overrides: Overrides | None) -> Json:
    """As the fields of a body, but values of headers by their hints."""
    overrides = overrides or NONE
    return {
        "headers": [f"{header.name}={header_hint(header)}" for header in overrides.headers],
        "default_params": [param.text for param in overrides.default_params],
        "set_params": [param.text for param in overrides.set_params],
        "drop_params": [*overrides.drop_params],
        "system_prefix": overrides.system_prefix,
    }


def header_hint(header: Header) -> str:
    """The variable that holds the value, or its last characters; of a short value those would be too many."""
    value = header.value.value
    if header.env:
        return value
    if len(value) < SHORT:
        return "…"
    return "…" + value[-4:]


def header_warnings(overrides: Overrides | None, environ: Mapping[str, str]) -> list[str]:
    """One for each variable that is not set."""
    return [f"headers: {name} is not set" for name in headers_unset(overrides, environ)]
