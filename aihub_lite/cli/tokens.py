"""`aihub-lite token …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.commands import Desk, command, given, listed
from aihub_lite.cli.output import dollars, print_facts, print_table

token_app = typer.Typer(help="Credentials that clients present.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id.", show_default=False)]


@command(token_app, "create")
def create_token(
    at: Desk,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    quota: Annotated[str | None, typer.Option(metavar="USD", help="What it may spend in total.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="USD/day|week|month", help="What it may spend each.")] = None,
    models: Annotated[str | None, typer.Option(metavar="GLOB,…", help="Models it may use; all unless given.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="30d|DATE", help="When it stops working.")] = None,
    rpm: Annotated[int | None, typer.Option(metavar="N", help="Requests per minute; 0: no limit.")] = None,
    tpm: Annotated[int | None, typer.Option(metavar="N", help="Tokens per minute; 0: no limit.")] = None,
    concurrency: Annotated[int | None, typer.Option(metavar="N", help="Requests at once.")] = None,
    allow_ip: Annotated[str | None, typer.Option(metavar="CIDR,…", help="Addresses it may be used from.")] = None,
    group: Annotated[str | None, typer.Option(metavar="GROUP", help="Channels of this group serve it.")] = None,
) -> None:
    """Make a token; its key is shown once."""
    body = given(
        name=name,
        quota=quota,
        budget=budget,
        models=listed(models),
        expires=expires,
        rpm=rpm,
        tpm=tpm,
        concurrency=concurrency,
        allow_ips=listed(allow_ip),
        group=group,
    )
    answer = at.call("POST", "tokens", body=body)
    if not at.told(answer):
        _print_key(answer, "created")


@command(token_app, "list")
def list_tokens(at: Desk) -> None:
    """All tokens, oldest first."""
    answer = at.call("GET", "tokens")
    if not at.told(answer):
        rows = [
            {
                **token,
                "state": "enabled" if token["enabled"] else "disabled",
                "key": f"…{token['hint']}",
                "spent": dollars(token["spent_usd"]),
                "left": "unlimited" if token["left_usd"] is None else dollars(token["left_usd"]),
            }
            for token in answer
        ]
        columns = {"name": "NAME", "state": "STATE", "key": "KEY", "group": "GROUP", "spent": "SPENT", "left": "LEFT"}
        print_table(rows, {**columns, "models": "MODELS", "expires": "EXPIRES"}, "No tokens.")


@command(token_app, "show")
def show_token(at: Desk, name: Name) -> None:
    """Everything about one token but its key."""
    answer = at.call("GET", "tokens", name)
    if not at.told(answer):
        quota, period = answer["quota"] and dollars(answer["quota"]), answer.pop("spent_now_usd")
        amounts = {field: dollars(answer.pop(f"{field}_usd")) for field in ("spent", "held", "left")}
        this_period = {"spent now": dollars(period)} if answer["budget"] else {}
        print_facts({**answer, "quota": quota, **this_period, **amounts})


@command(token_app, "disable")
def disable_token(at: Desk, name: Name) -> None:
    """Refuse it from the next request on."""
    _do(at, "POST", "disabled", "tokens", name, "disable")


@command(token_app, "enable")
def enable_token(at: Desk, name: Name) -> None:
    """Let it work again."""
    _do(at, "POST", "enabled", "tokens", name, "enable")


@command(token_app, "delete")
def delete_token(at: Desk, name: Name) -> None:
    """Remove it; its usage stays on record."""
    _do(at, "DELETE", "deleted", "tokens", name)


@command(token_app, "rotate")
def rotate_token(at: Desk, name: Name) -> None:
    """Give it a new key, shown once; the old one is dead at once."""
    answer = at.call("POST", "tokens", name, "rotate")
    if not at.told(answer):
        _print_key(answer, "has a new key")


def _do(at: Desk, method: str, done: str, *path: str) -> None:
    answer = at.call(method, *path)
    if not at.told(answer):
        print(f"Token {answer['name']} {done}.")


def _print_key(answer: Any, done: str) -> None:
    print(f"Token {answer['name']} {done}. The key is shown only now:\n\n{answer['key']}")
