"""`aihub-lite request …`: the records of requests, and those that are under way."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import AdminApi, Search, command, without_none
from aihub_lite.cli.base.output import exact_text, print_facts, print_table, shown

request_app = typer.Typer(
    help="Requests one by one: metadata only, never text.", no_args_is_help=True, rich_markup_mode=None
)
Request = Annotated[str, typer.Argument(metavar="ID", help="The request's id.", show_default=False)]
COLUMNS = {
    "request_id": "ID",
    "started": "STARTED",
    "token": "TOKEN",
    "model": "MODEL",
    "channel": "CHANNEL",
    "outcome": "OUTCOME",
    "status": "STATUS",
    "code": "CODE",
    "times": "TIMES",
    "prompt_tokens": "PROMPT",
    "completion_tokens": "COMPLETION",
    "cost": "COST",
    "duration_ms": "MS",
}
RUNNING = {
    "id": "ID",
    "token": "TOKEN",
    "model": "MODEL",
    "channel": "CHANNEL",
    "attempts": "ATTEMPTS",
    "age_s": "AGE S",
    "completion_tokens": "COMPLETION",
    "client": "CLIENT",
}
TABLED = ("attempts", "passed", "lanes")
"""Fields of a record that are shown as a table, or below it."""
LANES = {"place": "#", "model": "MODEL", "channel": "CHANNEL", "key": "KEY", "happened": "ANSWER", "ms": "MS"}


@command(request_app, "list")
def list_requests(
    api: AdminApi,
    token: Annotated[str | None, typer.Option(metavar="NAME", help="Of this token.")] = None,
    person: Annotated[str | None, typer.Option(metavar="NAME", help="Of this person.")] = None,
    team: Annotated[str | None, typer.Option(metavar="NAME", help="Of this team and its members.")] = None,
    tag: Annotated[str | None, typer.Option(metavar="TAG", help="With this tag.")] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="For this model.")] = None,
    asked: Annotated[
        str | None, typer.Option(metavar="NAME", help="Asked for by this name of a route or an alias.")
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="That this channel served.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME",
            help="ok, error, client_gone, cut_off, stopped, interrupted, refused; failed: any of these.",
        ),
    ] = None,
    code: Annotated[str | None, typer.Option(metavar="CODE", help="That failed with this code.")] = None,
    q: Search = None,
    since: Annotated[str | None, typer.Option(metavar="7d|DATE", help="From when on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="7d|DATE", help="Before then.")] = None,
    over_seconds: Annotated[str | None, typer.Option(metavar="10", help="That took longer.")] = None,
    over_usd: Annotated[str | None, typer.Option(metavar="0.10", help="That cost more.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many rows.")] = 100,
) -> None:
    """Finished requests, newest first, and calls that were refused."""
    query = without_none(
        token=token,
        person=person,
        team=team,
        tag=tag,
        model=model,
        asked=asked,
        channel=channel,
        outcome=outcome,
        code=code,
        q=q,
        since=since,
        until=until,
        over_seconds=over_seconds,
        over_usd=over_usd,
    )
    answer, _ = api.client.rows("requests", query, limit)
    if not api.print_as_json(answer):
        print_table([_row(entry) for entry in answer], COLUMNS, "No requests.")


@command(request_app, "show")
def show_request(api: AdminApi, request: Request) -> None:
    """All that is known of one request: what was counted, what it cost by which rates, every attempt, and what was not
    tried and why.

    Of one that was refused: what its client was told, and how many others were told the same in that minute.
    """
    answer = api.call("GET", "requests", request)
    if api.print_as_json(answer):
        return
    print_facts({name: _text(value) for name, value in answer.items() if name not in TABLED})
    lanes = answer.get("lanes", ())
    if lanes:
        print()
        rows = [{**lane, "happened": _happened(lane)} for lane in lanes]
        print_table(rows, _columns(rows), "")
    for passed in answer.get("passed", ()):
        print(f"Passed over: {shown(passed['model'])}: {shown(passed['why'])}.")


def _columns(lanes: list[dict[str, Any]]) -> dict[str, str]:
    """Those of the table that have anything in them."""
    return {name: title for name, title in LANES.items() if any(lane[name] is not None for lane in lanes)}


def _happened(lane: dict[str, Any]) -> str:
    """What an attempt was answered, or why there was none."""
    if lane["place"] is None:
        return str(lane["why"])
    return " ".join(str(part) for part in (lane["status"] or None, lane["fault"]) if part) or "nothing"


@command(request_app, "running")
def list_running(api: AdminApi) -> None:
    """Requests that are under way, oldest first."""
    answer = api.call("GET", "flights")
    if not api.print_as_json(answer):
        print_table(answer, RUNNING, "No requests are under way.")


@command(request_app, "stop")
def stop_request(api: AdminApi, request: Request) -> None:
    """End a request that is under way; what was relayed of it is charged."""
    answer = api.call("POST", "flights", request, "stop")
    if not api.print_as_json(answer):
        print(f"Request {answer['id']} stopped.")


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as the table shows it: of a caller without a token, where it came from."""
    return {
        **entry,
        "token": entry["token"] or entry.get("network"),
        "code": entry["error_code"],
        "cost": exact_text(entry["cost_usd"]),
    }


def _text(value: Any) -> Any:
    """A value of an answer as a fact that has no inner structure."""
    if isinstance(value, dict):
        return [f"{name} {shown(_text(inner))}" for name, inner in value.items() if inner is not None]
    if isinstance(value, list):
        return "; ".join(shown(_text(item)) for item in value)
    return value
