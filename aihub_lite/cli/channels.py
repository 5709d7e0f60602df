"""`aihub-lite channel …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.call import ApiCall, Calls, Failed, rows_of
from aihub_lite.cli.base.commands import (
    HUGE,
    AdminApi,
    Everything,
    Limit,
    Search,
    change_each,
    command,
    one_or_all,
    without_none,
)
from aihub_lite.cli.base.output import print_facts, print_table, shown, warn
from aihub_lite.cli.base.sending import merged_lists, sent_text
from aihub_lite.cli.channel_keys import key_app, key_text, why_out
from aihub_lite.cli.channel_options import CHANNEL_OPTIONS, address, keys

channel_app = typer.Typer(help="Upstream accounts that serve models.", no_args_is_help=True, rich_markup_mode=None)
channel_app.add_typer(key_app, name="key")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id.", show_default=False)]
Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Names or ids.", show_default=False)]
NAMES = {"provider": "type"}
"""Fields of a body that an answer names otherwise."""
IN_ADDRESS = {"project": "base_url", "region": "base_url"}
"""Fields of a body that an answer has within another one."""
USED = {"requests": "requests", "tokens": "tokens", "concurrency": "at once", "budget": "USD"}
"""What is counted by each limit."""
NameOrAll = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name or id.", show_default=False)]
PROBES = {"key": "KEY", "status": "STATUS", "ms": "MS", "result": "RESULT"}
MANY = 5
"""Models shown in a table's cell."""


@command(channel_app, "add", CHANNEL_OPTIONS)
def add_channel(
    api: AdminApi,
    fields: dict[str, Any],
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    provider: Annotated[
        str,
        typer.Option("--type", metavar="TYPE", help="openai, or any of /docs/operator/providers", show_default=False),
    ],
) -> None:
    """Add an upstream. Without --models it is asked for its list; without --key, a preset takes its variable."""
    answer = api.call("POST", "channels", body={"name": name, "provider": provider, **fields})
    reached = api.call("POST", "channels", answer["id"], "reach")
    if not reached["ok"]:
        answer["warnings"].append(f"base_url: {reached['error']} ({reached['way']})")
    warn(answer)
    if not api.print_as_json(answer):
        print(f"Channel {answer['name']} added with {_count(answer['models'])}: {_first_models(answer)}")


@command(channel_app, "set", CHANNEL_OPTIONS)
def set_channel(
    api: AdminApi,
    fields: dict[str, Any],
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NEW", help="Call it so from now on.")] = None,
    provider: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="openai, or a preset.")] = None,
) -> None:
    """Change what a channel does, from the next request on; what is not given stays."""
    body = {**without_none(name=new_name, provider=provider), **merged_lists(api, name, fields)}
    if not body:
        raise typer.BadParameter("say what to change: --help shows the options")
    answer = api.call("PATCH", "channels", name, body=body)
    warn(answer)
    if not api.print_as_json(answer):
        changed = dict.fromkeys(_changed(answer, IN_ADDRESS.get(field, field)) for field in body)
        print(f"Channel {answer['name']}: {', '.join(changed)}.")


def _changed(channel: dict[str, Any], field: str) -> str:
    """A field of a body as it is in the answer now."""
    if field == "keys":
        return f"keys {', '.join(key_text(key) for key in channel['keys'])}"
    if field == "models":
        return _count(channel["models"])
    value = channel[NAMES.get(field, field)]
    if isinstance(value, dict):
        value = [f"{name} {shown(inner)}" for name, inner in value.items() if inner is not None]
    return f"{field} {shown(value)}"


@command(channel_app, "list")
def list_channels(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """All channels, highest priority first."""
    answer = api.rows("channels", q, limit)
    if not api.print_as_json(answer):
        rows = [{**channel, "models": _first_models(channel), "state": _state(channel)} for channel in answer]
        columns = {"name": "NAME", "type": "TYPE", "state": "STATE", "priority": "PRIORITY", "weight": "WEIGHT"}
        print_table(rows, {**columns, "group": "GROUP", "drift": "DRIFT", "models": "MODELS"}, "No channels.")


@command(channel_app, "show")
def show_channel(api: AdminApi, name: Name) -> None:
    """Everything about one channel but its keys."""
    answer = api.call("GET", "channels", name)
    if not api.print_as_json(answer):
        keys = [key_text(key) for key in answer["keys"]]
        clocks = [f"{clock} {seconds:g} s" for clock, seconds in answer["clocks"].items() if seconds is not None]
        used = [_used(row) for row in answer["used"]]
        print_facts({**answer, "keys": keys, "clocks": clocks, "used": used})


@command(channel_app, "test")
def test_channel(
    api: AdminApi,
    name: NameOrAll = None,
    everything: Everything = False,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Instead of the first one.")] = None,
) -> None:
    """Ask its first model for as little as it can answer, with each key; fails if no key works.

    With --all every enabled channel is asked, and one without a key that works fails the command.
    """
    if one_or_all(name, everything, "a channel's name") is None:
        _test_all(api)
        return
    answer = api.call("POST", "channels", str(name), "test", body=without_none(model=model))
    if not api.print_as_json(answer):
        print(f"Channel {answer['name']}, model {answer['model']}, {answer['way']}:")
        print_table(_probes(answer), PROBES, "")
    if not answer["ok"]:
        raise typer.Exit(1)


def _test_all(api: AdminApi) -> None:
    answers = api.client.run(lambda: tests_of_all(HUGE))
    if not api.print_as_json(answers):
        rows = [
            {"name": answer["name"], "model": answer["model"], **row} for answer in answers for row in _probes(answer)
        ]
        print_table(rows, {"name": "CHANNEL", "model": "MODEL", **PROBES}, "No channel is enabled.")
    if not all(answer["ok"] for answer in answers):
        raise typer.Exit(1)


def tests_of_all(most: int) -> Calls[list[dict[str, Any]]]:
    """A test of every enabled channel; one that could not be tested says why as `error`."""
    answers = []
    channels, _ = yield from rows_of("channels", {}, most)
    for channel in channels:
        if channel["enabled"]:
            try:
                answer = yield ApiCall("POST", f"/channels/{channel['id']}/test", {})
            except Failed as refusal:
                answer = {"name": channel["name"], "model": None, "ok": False, "keys": [], "error": refusal.message}
            answers.append(answer)
    return answers


def _probes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each key that was tried, or for the reason why none could be."""
    if "error" in answer:
        return [{"key": None, "status": None, "ms": None, "result": answer["error"]}]
    return [{**key, "result": key["error"] or "ok"} for key in answer["keys"]]


@command(channel_app, "refresh")
def refresh_channel(api: AdminApi, name: NameOrAll = None, everything: Everything = False) -> None:
    """Read the upstream's list of models now, and say which are new or gone; the gateway does so every few hours.

    With --all: of every enabled channel that offers what its upstream lists; one that cannot be read fails the command.
    """
    if one_or_all(name, everything, "a channel's name") is None:
        answers = api.client.run(lambda: refreshes_of_all(HUGE))
    else:
        answers = [api.call("POST", "channels", str(name), "refresh")]
    if not api.print_as_json(answers if everything else answers[0]):
        for answer in answers:
            print(_refreshed(answer))
    if any("error" in answer for answer in answers):
        raise typer.Exit(1)


def refreshes_of_all(most: int) -> Calls[list[dict[str, Any]]]:
    """The list of every channel that has its upstream's; one that could not be read says why as `error`."""
    answers = []
    channels, _ = yield from rows_of("channels", {}, most)
    for channel in channels:
        if channel["enabled"] and channel["discovered"]:
            try:
                answer = yield ApiCall("POST", f"/channels/{channel['id']}/refresh")
            except Failed as refusal:
                answer = {"name": channel["name"], "error": refusal.message}
            answers.append(answer)
    return answers


def _refreshed(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"Channel {answer['name']}: {shown(answer['error'])}"
    parts = [_count(answer["models"])]
    parts += [f"{kind}: {shown(models)}" for kind, models in answer["changed"].items() if models]
    return f"Channel {answer['name']}: {'; '.join(parts)}."


@command(channel_app, "offers", (address, keys))
def list_offers(
    api: AdminApi,
    fields: dict[str, Any],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of this channel.", show_default=False)] = None,
    provider: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Before there is a channel.")] = None,
) -> None:
    """The models that an upstream lists now: of a channel, or of one that you might add."""
    if (name is None) == (provider is None):
        raise typer.BadParameter("give a channel's name, or --type with what `channel add` takes")
    if name is not None:
        answer = api.call("GET", "channels", name, "offers")
    else:
        answer = api.call("POST", "channels", "offers", body={"provider": provider, **fields})
    if not api.print_as_json(answer["models"]):
        print("\n".join(shown(model) for model in answer["models"]))


@command(channel_app, "explain")
def explain_channel(
    api: AdminApi,
    name: Name,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    stream: Annotated[bool, typer.Option("--stream", help="For requests of streams.")] = False,
) -> None:
    """Print byte for byte what would go out for a small request on each surface, secrets masked; nothing is sent."""
    answer = api.call("GET", "channels", name, "sent", model=model, stream=str(stream).lower())
    if not api.print_as_json(answer):
        print("\n\n".join(sent_text(request) for request in answer["requests"]))


@command(channel_app, "disable")
def disable_channel(api: AdminApi, names: Names) -> None:
    """Use it no more until it is enabled."""
    change_each(api, "channels", "disable", names)


@command(channel_app, "enable")
def enable_channel(api: AdminApi, names: Names) -> None:
    """Use it again, with all its keys."""
    change_each(api, "channels", "enable", names)


@command(channel_app, "delete")
def delete_channel(api: AdminApi, names: Names) -> None:
    """Remove it; its usage stays on record."""
    change_each(api, "channels", "delete", names)


def _used(row: dict[str, Any]) -> str:
    """One limit, and what is used of it now: `3 of 60 requests per minute (k1, gpt-5)`."""
    text = f"{row['used']} of {row['of']} {USED[row['limit']]}"
    per = row["per"]
    if isinstance(per, int):
        per = f"{per} s"
    if per is not None:
        text += f" per {per}"
    where = ", ".join(row[field] for field in ("key", "model") if row[field] is not None)
    if where:
        text += f" ({where})"
    return text


def _count(models: list[str]) -> str:
    if len(models) == 1:
        return "1 model"
    return f"{len(models)} models"


def _state(channel: dict[str, Any]) -> str:
    """The state, with why keys are out of use and until when."""
    state = str(channel["state"])
    keys = channel["keys"]
    out = [key for key in keys if key["disabled"]]
    if not out or not channel["enabled"]:
        return state
    reasons = "; ".join(dict.fromkeys(why_out(key) for key in out))
    if len(out) < len(keys):
        state += f", {len(out)} of {len(keys)} keys out"
    return f"{state}: {reasons}"


def _first_models(channel: dict[str, Any]) -> str:
    models = channel["models"]
    if not models:
        if channel["list_error"]:
            return f"none: {channel['list_error']}"
        return "none yet"
    text = ", ".join(models[:MANY])
    if len(models) > MANY:
        text += f" and {len(models) - MANY} more"
    return text
