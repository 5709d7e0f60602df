"""`aihub-lite channel key …`: the keys of a channel one by one."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import print_table, warn
from aihub_lite.cli.channel_options import keys_on_stdin, limits
from aihub_lite.domain.channel import IN_VARIABLE

key_app = typer.Typer(help="The keys of a channel one by one.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The channel's name or id.", show_default=False)]
SHOWN = re.compile(r"k?\d+|…?[^/]{4}|env:[^/]+")
"""How a list shows a key: its id, its place, its last characters or its variable."""


def shown_key(text: str) -> str:
    """What names a key; raises BadParameter for what no list shows: it may be a whole key, and is not repeated."""
    if not SHOWN.fullmatch(text):
        raise typer.BadParameter("name a key by its id, place or hint, as `channel key list` shows it")
    return text


Key = Annotated[
    str,
    typer.Argument(metavar="KEY", help="Its id, place or hint, as listed.", show_default=False, callback=shown_key),
]
LIMITS = ("rpm", "tpm", "concurrency", "budget")
COLUMNS = {"place": "#", "id": "ID", "hint": "KEY", "state": "STATE"}


@key_app.callback()
def channel_key() -> None:
    """The keys of a channel one by one."""


@command(key_app, "list")
def list_keys(api: AdminApi, name: Name) -> None:
    """The keys by their last characters, with why one is out of use and until when."""
    keys = api.call("GET", "channels", name)["keys"]
    rows = [{"place": place, **key} for place, key in enumerate(keys, 1)]
    if not api.print_as_json(rows):
        print_table([{**row, "state": key_state(row)} for row in rows], COLUMNS, "No keys.")


@command(key_app, "add")
def add_key(
    api: AdminApi,
    name: Name,
    variables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[env:VAR|entra:TENANT/CLIENT/env:SECRET]...", help="Unless given: stdin.", show_default=False
        ),
    ] = None,
) -> None:
    """Add keys: those of variables of the gateway, or what stdin has, one a line; no key is an argument."""
    if not all(map(IN_VARIABLE.fullmatch, variables or ())):
        # What it says is not repeated: it may be the key.
        raise typer.BadParameter("a key is not given as an argument: name a variable as env:VAR, or give it on stdin")
    answer = api.call("POST", "channels", name, "keys", body={"keys": variables or keys_on_stdin()})
    _tell(api, answer, "added")


@command(key_app, "remove")
def remove_key(api: AdminApi, name: Name, key: Key) -> None:
    """Forget a key; requests that run with it finish."""
    _tell(api, api.call("DELETE", "channels", name, "keys", key), "removed")


@command(key_app, "set", (limits,))
def limit_key(api: AdminApi, fields: dict[str, Any], name: Name, key: Key) -> None:
    """Limit a key by itself; the limits of its channel are for all keys together."""
    if not fields:
        raise typer.BadParameter("say what to change: --help shows the options")
    _tell(api, api.call("PATCH", "channels", name, "keys", key, body=fields), "limited")


@command(key_app, "enable")
def enable_key(api: AdminApi, name: Name, key: Key) -> None:
    """Use a key again, whatever took it out of use."""
    _tell(api, api.call("POST", "channels", name, "keys", key, "enable"), "enabled")


@command(key_app, "disable")
def disable_key(api: AdminApi, name: Name, key: Key) -> None:
    """Use a key no more until it is enabled; the channel goes on with its others."""
    _tell(api, api.call("POST", "channels", name, "keys", key, "disable"), "disabled")


def _tell(api: AdminApi, channel: dict[str, Any], done: str) -> None:
    warn(channel)
    if not api.print_as_json(channel):
        keys = ", ".join(key_text(key) for key in channel["keys"])
        print(f"Key {done}; channel {channel['name']} has {keys}.")


def key_text(key: dict[str, Any]) -> str:
    """A key in a line of text: its hint, its limits, and why it is out of use if it is."""
    notes = [f"{name} {key[name]}" for name in LIMITS if key[name] is not None]
    if key["disabled"]:
        notes.append(why_out(key))
    if not notes:
        return str(key["hint"])
    return f"{key['hint']} ({', '.join(notes)})"


def key_state(key: dict[str, Any]) -> str:
    """In use, or why not and until when."""
    if key["disabled"]:
        return why_out(key)
    return "in use"


def why_out(key: dict[str, Any]) -> str:
    """Why a key is out of use, and until when if it comes back by itself."""
    if key["until"] is None:
        return str(key["disabled"])
    return f"{key['disabled']}, tried again from {key['until']}"
