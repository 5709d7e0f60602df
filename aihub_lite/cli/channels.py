"""`aihub-lite channel …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given, listed
from aihub_lite.cli.output import complain, print_facts, print_table

channel_app = typer.Typer(help="Upstream accounts that serve models.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id.", show_default=False)]
MANY = 5
"""Models shown in a table's cell."""


@command(channel_app, "add")
def add_channel(
    at: Desk,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    provider: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="openai, demo, or a preset.", show_default=False)
    ],
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="Unless it is the preset's own.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="KEY|env:VAR", help="May be given more than once; they share the load.")
    ] = None,
    models: Annotated[
        str | None, typer.Option(metavar="a,b=upstream-b", help="Unless given, the upstream is asked for its list.")
    ] = None,
    priority: Annotated[int | None, typer.Option(metavar="N", help="Higher goes first.")] = None,
    weight: Annotated[int | None, typer.Option(metavar="N", help="Share of the load within a priority.")] = None,
    group: Annotated[str | None, typer.Option(metavar="GROUP", help="Serves tokens of this group.")] = None,
) -> None:
    """Add an upstream."""
    body = given(
        name=name,
        provider=provider,
        base_url=base_url,
        keys=key or None,
        models=listed(models),
        priority=priority,
        weight=weight,
        group=group,
    )
    answer = at.call("POST", "channels", body=body)
    for warning in answer["warnings"]:
        complain(f"warning: {warning}")
    if not at.told(answer):
        count = len(answer["models"])
        print(f"Channel {answer['name']} added with {count} model{'' if count == 1 else 's'}: {_some(answer)}")


@command(channel_app, "list")
def list_channels(at: Desk) -> None:
    """All channels, highest priority first."""
    answer = at.call("GET", "channels")
    if not at.told(answer):
        rows = [{**channel, "models": _some(channel)} for channel in answer]
        columns = {"name": "NAME", "type": "TYPE", "state": "STATE", "priority": "PRIORITY", "weight": "WEIGHT"}
        print_table(rows, {**columns, "group": "GROUP", "models": "MODELS"}, "No channels.")


@command(channel_app, "show")
def show_channel(at: Desk, name: Name) -> None:
    """Everything about one channel but its keys."""
    answer = at.call("GET", "channels", name)
    if not at.told(answer):
        keys = [f"{key['hint']}{' (' + key['disabled'] + ')' if key['disabled'] else ''}" for key in answer["keys"]]
        clocks = [f"{clock} {seconds:g} s" for clock, seconds in answer["clocks"].items() if seconds is not None]
        print_facts({**answer, "keys": keys, "clocks": clocks})


@command(channel_app, "test")
def test_channel(at: Desk, name: Name) -> None:
    """Ask its first model for one token, with each key; fails if no key works."""
    answer = at.call("POST", "channels", name, "test", body={})
    if not at.told(answer):
        rows = [{**key, "result": "ok" if key["ok"] else key["error"]} for key in answer["keys"]]
        print(f"Channel {answer['name']}, model {answer['model']}:")
        print_table(rows, {"key": "KEY", "status": "STATUS", "ms": "MS", "result": "RESULT"}, "")
    if not answer["ok"]:
        raise typer.Exit(1)


@command(channel_app, "disable")
def disable_channel(at: Desk, name: Name) -> None:
    """Use it no more until it is enabled."""
    _do(at, "POST", "disabled", "channels", name, "disable")


@command(channel_app, "enable")
def enable_channel(at: Desk, name: Name) -> None:
    """Use it again, with all its keys."""
    _do(at, "POST", "enabled", "channels", name, "enable")


@command(channel_app, "delete")
def delete_channel(at: Desk, name: Name) -> None:
    """Remove it; its usage stays on record."""
    _do(at, "DELETE", "deleted", "channels", name)


def _do(at: Desk, method: str, done: str, *path: str) -> None:
    answer = at.call(method, *path)
    if not at.told(answer):
        print(f"Channel {answer['name']} {done}.")


def _some(channel: Any) -> str:
    models = channel["models"]
    rest = len(models) - MANY
    none = f"none: {channel['list_error']}" if channel["list_error"] else "none yet"
    return ", ".join(models[:MANY]) + (f" and {rest} more" if rest > 0 else "") or none
