"""What `channel add` and `channel set` change in all that is sent to an upstream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, without_none

HEADER_HELP = "Goes along with each request. May be given more than once, as may the next three."
DEFAULT_HELP = "The same where the client says nothing of it."
SET_HELP = "Set a field of the upstream's bodies (dots between names); chat:PATH: at that endpoint alone."
Headers = Annotated[list[str] | None, typer.Option("--header", metavar="NAME=VALUE|env:VAR", help=HEADER_HELP)]
Defaults = Annotated[
    list[str] | None,
    typer.Option("--default-param", metavar="PATH=JSON", help=DEFAULT_HELP),
]
Sets = Annotated[list[str] | None, typer.Option("--set-param", metavar="PATH=JSON", help=SET_HELP)]
Drops = Annotated[list[str] | None, typer.Option("--drop-param", metavar="PATH", help="Leave a field out.")]
Prefix = Annotated[str | None, typer.Option("--system-prefix", metavar="TEXT", help="Before every system prompt.")]
LISTS = ("headers", "default_params", "set_params", "drop_params")


def sending(
    header: Headers = None,
    default_param: Defaults = None,
    set_param: Sets = None,
    drop_param: Drops = None,
    system_prefix: Prefix = None,
) -> dict[str, Any]:
    """What is changed in everything that is sent to it."""
    given = zip(LISTS, (header, default_param, set_param, drop_param), strict=True)
    fields: dict[str, Any] = {name: entries for name, entries in given if entries}
    return fields | without_none(system_prefix=system_prefix)


def merged_lists(api: AdminApi, channel: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body that changes a channel: what stands on its lists stays, unless it is given anew.

    With nothing after its `=`, an entry is taken off.
    """
    lists = [name for name in LISTS if name in fields]
    if not lists:
        return fields
    before = api.call("GET", "channels", channel)
    return fields | {name: _merged(name, before[name], fields[name]) for name in lists}


def _merged(name: str, before: Sequence[str], given: Sequence[str]) -> list[str]:
    entries = {_key(name, entry): entry for entry in before}
    if name == "headers":
        entries = {key: key for key in entries}  # a name alone keeps the value, which is not shown
    for entry in given:
        key = _key(name, entry)
        _, equals, value = entry.partition("=")
        if equals and not value.strip():
            entries.pop(key, None)
        else:
            entries[key] = entry
    return [*entries.values()]


def _key(name: str, entry: str) -> str:
    key = entry.partition("=")[0].strip()
    if name == "headers":
        return key.lower()
    return key


def sent_text(request: dict[str, Any]) -> str:
    """One request as it would go out, below the name of its surface."""
    title = f"# {request['surface']}"
    if request["dropped"]:
        title += f" (left out: {', '.join(request['dropped'])})"
    if request["refusal"]:
        return f"{title}\n{request['refusal']}"
    return f"{title}\n{request['head']}{request['body']}"
