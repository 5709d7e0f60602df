"""`aihub-lite token …`."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import (
    NONE,
    AdminApi,
    Limit,
    OptionGroup,
    Search,
    change_each,
    command,
    number_or_none,
    or_none,
    split_list,
    without_none,
)
from aihub_lite.cli.base.output import (
    amount_text,
    complain,
    first_text,
    paused_text,
    print_facts,
    print_table,
    shown,
    shown_lines,
    warn,
)
from aihub_lite.cli.pots import budget_text

token_app = typer.Typer(help="Credentials that clients present.", no_args_is_help=True, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id.", show_default=False)]
Names = Annotated[list[str], typer.Argument(metavar="NAME…", help="Names or ids.", show_default=False)]
PLAIN_BUDGET = re.compile(r"[^=/]*/(?:day|week|month)")
"""One that a token has in its own row."""


def spending(
    quota: Annotated[str | None, typer.Option(metavar="USD|none", help="What it may spend in total.")] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(metavar="[MODEL=|tag:TAG=]USD/PERIOD|none", help="The same, each hour, day, week, month, 30d…"),
    ] = None,
) -> dict[str, Any]:
    """What it may spend."""
    return {**or_none(quota=quota), **budget_fields(budget or [])}


def budget_fields(texts: list[str]) -> dict[str, Any]:
    """Budgets as the admin API takes those of tokens: the first for all models by day, week or month apart from the
    others. What is given replaces all that were there."""
    if not texts:
        return {}
    if texts == [NONE]:
        return {"budget": None, "budgets": []}
    plain = [text for text in texts if PLAIN_BUDGET.fullmatch(text)][:1]
    others = [text for text in texts if text not in plain]
    return {"budget": next(iter(plain), None), "budgets": others}


def rights(
    models: Annotated[str | None, typer.Option(metavar="GLOB,…", help="Models it may use; '' is all.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="30d|DATE|none", help="When it stops working.")] = None,
    allow_ip: Annotated[str | None, typer.Option(metavar="CIDR,…", help="Addresses it may be used from.")] = None,
    group: Annotated[str | None, typer.Option(metavar="GROUP", help="Channels of this group serve it; *: all.")] = None,
) -> dict[str, Any]:
    """What it opens, for whom and how long."""
    lists = without_none(models=split_list(models), allow_ips=split_list(allow_ip), group=group)
    return {**lists, **or_none(expires=expires)}


def rates(
    rpm: Annotated[str | None, typer.Option(metavar="N|none", help="Requests per minute; 0: no limit.")] = None,
    tpm: Annotated[str | None, typer.Option(metavar="N|none", help="Tokens per minute; 0: no limit.")] = None,
    concurrency: Annotated[str | None, typer.Option(metavar="N|none", help="Requests at once.")] = None,
) -> dict[str, Any]:
    """How fast it may be used; `none` is the gateway's setting."""
    given = without_none(rpm=rpm, tpm=tpm, concurrency=concurrency)
    return or_none(**{name: number_or_none(text) for name, text in given.items()})


def ownership(
    person: Annotated[str | None, typer.Option(metavar="PERSON", help="Whose it is.")] = None,
    team: Annotated[str | None, typer.Option(metavar="TEAM", help="The team whose own it is.")] = None,
    gateway: Annotated[bool, typer.Option("--gateway", help="Nobody's but the gateway's.")] = False,
) -> dict[str, Any]:
    """Whose it is; raises BadParameter for more than one owner."""
    if gateway and (person or team):
        raise typer.BadParameter("a token of the gateway belongs to no person and no team")
    if gateway:
        return {"person": None, "team": None}
    return without_none(person=person, team=team)


TOKEN_OPTIONS: tuple[OptionGroup, ...] = (spending, rights, rates, ownership)
"""Of `token create` and `token set`; one more function brings its options to both."""


@command(token_app, "create", TOKEN_OPTIONS)
def create_token(
    api: AdminApi, fields: dict[str, Any], name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
) -> None:
    """Make a token; its key is shown once."""
    answer = api.call("POST", "tokens", body={"name": name, **fields})
    warn(answer)
    if not api.print_as_json(answer):
        _print_key(answer, "created")


@command(token_app, "set", TOKEN_OPTIONS)
def set_token(
    api: AdminApi,
    fields: dict[str, Any],
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NEW", help="Call it so from now on.")] = None,
) -> None:
    """Change what a token may do, from its next request on; what is not given stays, and so does what it has spent."""
    body = {**without_none(name=new_name), **fields}
    if not body:
        raise typer.BadParameter("say what to change: --help shows the options")
    answer = api.call("PATCH", "tokens", name, body=body)
    warn(answer)
    if not api.print_as_json(answer):
        amounts: dict[str, Any] = {"quota": amount_text(answer["quota"])}
        amounts["budgets"] = [budget["budget"] for budget in answer["budgets"]]
        told = [field for field in body if field != "budgets" or answer["budgets"]]
        changed = [f"{field} {shown(amounts.get(field, answer[field]))}" for field in told]
        print(f"Token {answer['name']}: {', '.join(changed)}.")


@command(token_app, "list")
def list_tokens(api: AdminApi, q: Search = None, limit: Limit = None) -> None:
    """All tokens, oldest first."""
    answer = api.rows("tokens", q, limit)
    if not api.print_as_json(answer):
        rows = [_row(token) for token in answer]
        columns = {"name": "NAME", "state": "STATE", "key": "KEY", "group": "GROUP", "spent": "SPENT", "left": "LEFT"}
        if any(token["owner"] for token in rows):
            columns["owner"] = "OWNER"
        print_table(rows, {**columns, "models": "MODELS", "expires": "EXPIRES"}, "No tokens.")
        for token in answer:
            if token["bound"]:
                print(f"{shown(token['name'])}: {bound_text(token)}")


@command(token_app, "show")
def show_token(api: AdminApi, name: Name) -> None:
    """Everything about one token but its key."""
    answer = api.call("GET", "tokens", name)
    if not api.print_as_json(answer):
        print_facts(_facts(answer))


@command(token_app, "seen")
def show_sighting(api: AdminApi, name: Name) -> None:
    """The last call with its key since the gateway started, and whether it was refused: for who sets up a client."""
    answer = api.call("GET", "tokens", name, "sighting")
    if not api.print_as_json(answer):
        if answer["seen"] is None:
            print("Not since the gateway started.")
        else:
            refusal = answer["error"] and answer["error"]["message"]
            print_facts({**answer, "error": refusal})


@command(token_app, "chat")
def chat(
    api: AdminApi,
    name: Name,
    model: Annotated[str, typer.Argument(metavar="MODEL", show_default=False)],
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="Unless given: stdin.")] = None,
) -> None:
    """Ask a model as this token, which pays; its key is not asked for."""
    if text is None:
        text = sys.stdin.read()
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    answer = api.call("POST", "tokens", name, "chat", "completions", body=body)
    if not api.print_as_json(answer):
        print(shown_lines(answer["choices"][0]["message"]["content"]))


@command(token_app, "disable")
def disable_token(api: AdminApi, names: Names) -> None:
    """Refuse it from the next request on."""
    change_each(api, "tokens", "disable", names)


@command(token_app, "enable")
def enable_token(api: AdminApi, names: Names) -> None:
    """Let it work again."""
    change_each(api, "tokens", "enable", names)


@command(token_app, "pause")
def pause_tokens(api: AdminApi, names: Names) -> None:
    """Refuse it with 402, which clients take for final, until it is resumed; what runs goes on."""
    change_each(api, "tokens", "pause", names)


@command(token_app, "resume")
def resume_tokens(api: AdminApi, names: Names) -> None:
    """Let it go on after a pause, by the gateway or by hand."""
    change_each(api, "tokens", "resume", names)
    for name in names:
        token = api.call("GET", "tokens", name)
        if token["paused"] is not None:
            complain(f"Token {token['name']} waits for its person: aihub-lite person resume {shown(token['person'])}")


@command(token_app, "delete")
def delete_token(api: AdminApi, names: Names) -> None:
    """Remove it; its usage stays on record."""
    change_each(api, "tokens", "delete", names)


@command(token_app, "rotate")
def rotate_token(api: AdminApi, name: Name) -> None:
    """Give it a new key, shown once; the old one is dead at once."""
    answer = api.call("POST", "tokens", name, "rotate")
    if not api.print_as_json(answer):
        _print_key(answer, "has a new key")


def bound_text(token: dict[str, Any]) -> str:
    """What holds of a token instead of its own settings, and why."""
    bound = token["bound"]
    held = [f"{field} {shown(bound[field])}, its own {shown(token[field])}" for field in bound]
    return f"{'; '.join(held)}: {shown(token['person'])}'s own tokens may no more (person show)"


def state_text(token: dict[str, Any]) -> str:
    """Whether its key opens anything, or why not."""
    if not token["enabled"]:
        return "disabled"
    if not token["person_enabled"]:
        return "person disabled"
    if token["expired"]:
        return "expired"
    if token["paused"]:
        return "paused"
    return "enabled"


def _row(token: dict[str, Any]) -> dict[str, Any]:
    left = "unlimited"
    if token["left_usd"] is not None:
        left = amount_text(token["left_usd"])
    spent = amount_text(token["spent_usd"])
    bound = token["bound"]
    return {
        **token,
        "state": state_text(token),
        "key": f"…{token['hint']}",
        "group": bound.get("group", token["group"]),
        "models": token["models"] or bound.get("models", []),
        "spent": spent,
        "left": left,
        "owner": token["person"] or token["team"],
    }


def _facts(token: dict[str, Any]) -> dict[str, Any]:
    """A token with its amounts in dollars; what it spent of its budget's running period stands before the rest."""
    amounts = {field: amount_text(token[f"{field}_usd"]) for field in ("spent", "held", "left")}
    if token["budget"]:
        amount, _, period = token["budget"].partition("/")
        token = {**token, "budget": f"{amount_text(float(amount))}/{period}"}
        amounts = {"spent now": amount_text(token["spent_now_usd"]), **amounts}
    if token["quota"] is not None:
        token = {**token, "quota": amount_text(token["quota"])}
    bound = ""
    if token["bound"]:
        bound = bound_text(token)
    token = {**token, "bound": bound, "state": state_text(token), "paused": paused_text(token)}
    token = {**token, "budgets": [budget_text(budget) for budget in token["budgets"]]}
    amounts["refuses first"] = first_text(token) or ""
    told = {"limits", "tightest", *(field for field in token if field.endswith("_usd"))}
    return {**{field: value for field, value in token.items() if field not in told}, **amounts}


def _print_key(answer: Any, done: str) -> None:
    print(f"Token {answer['name']} {done}. The key is shown only now:\n\n{answer['key']}")
