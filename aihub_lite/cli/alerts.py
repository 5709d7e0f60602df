"""`aihub-lite alert …`: who is told of trouble, and where."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import NONE, AdminApi, change, command, or_none, split_list, without_none
from aihub_lite.cli.base.output import complain, print_table

alert_app = typer.Typer(help="Who is told of trouble, and where.", no_args_is_help=True, rich_markup_mode=None)
ALERTS = {"name": "NAME", "to": "TO", "events": "EVENTS", "quiet": "QUIET", "state": "STATE", "last": "LAST"}
Destination = Annotated[str, typer.Argument(metavar="NAME", help="As listed, or its id.", show_default=False)]


@command(alert_app, "add")
def add_alert(
    api: AdminApi,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    address: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="https://…, ntfy+https://…, mailto://… (apprise), or env:NAME.", show_default=False
        ),
    ],
    events: Annotated[str | None, typer.Option(metavar="LIST", help="key,channel,budget,…; all unless given.")] = None,
    quiet: Annotated[str | None, typer.Option(metavar="HOURS", help="Like 22:00-07:00@Europe/Berlin.")] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Critical alerts pass the quiet hours.")] = False,
    secret: Annotated[str | None, typer.Option(metavar="TEXT", help="Signs a webhook; or env:NAME.")] = None,
) -> None:
    """Send alerts to a webhook, ntfy, Slack, Discord, Telegram, or whatever apprise knows."""
    body = without_none(name=name, url=address, events=split_list(events), quiet=quiet, urgent=urgent, secret=secret)
    answer = api.call("POST", "alerts", body=body)
    if not api.print_as_json(answer):
        print(f"Alerts go to {answer['name']} ({answer['url']}). Try it: aihub-lite alert test {answer['name']}")
        if answer["secret"]:
            print(f"Webhooks are signed with this secret, which is shown once:\n\n{answer['secret']}")


@command(alert_app, "set")
def set_alert(
    api: AdminApi,
    name: Destination,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Another name.")] = None,
    address: Annotated[str | None, typer.Option("--address", metavar="URL", help="Another address.")] = None,
    events: Annotated[str | None, typer.Option(metavar="LIST", help="key,channel,budget,…; none: all.")] = None,
    quiet: Annotated[str | None, typer.Option(metavar="HOURS", help="22:00-07:00@Europe/Berlin; none.")] = None,
    urgent: Annotated[bool | None, typer.Option(help="Critical alerts pass the quiet hours.")] = None,
    secret: Annotated[str | None, typer.Option(metavar="TEXT", help="Signs a webhook; or env:NAME.")] = None,
) -> None:
    """Change where alerts are sent, which, and when."""
    body = or_none(name=new_name, url=address, quiet=quiet, urgent=urgent, secret=secret)
    if events is not None:
        body["events"] = split_list(events)
    if events == NONE:
        body["events"] = None
    answer = api.call("PATCH", "alerts", name, body=body)
    if not api.print_as_json(answer):
        print_table([_alert_row(answer)], ALERTS, "")


@command(alert_app, "list")
def list_alerts(api: AdminApi) -> None:
    """Where alerts are sent, and whether the last one arrived."""
    answer = api.call("GET", "alerts")["destinations"]
    if not api.print_as_json(answer):
        print_table([_alert_row(destination) for destination in answer], ALERTS, "Nobody is told of anything.")


def _alert_row(destination: dict[str, Any]) -> dict[str, Any]:
    last = destination["last"]
    text = "-"
    if last is not None:
        text = f"{last['state']} {last['at']}"
        if last["error"]:
            text += f": {last['error']}"
    row = {
        **destination,
        "to": f"{destination['service'] or '?'} {destination['url']}",
        "state": "disabled",
        "last": text,
    }
    if destination["all_events"]:
        row["events"] = "all"
    if destination["enabled"]:
        row["state"] = "enabled"
    return row


@command(alert_app, "test")
def test_alert(
    api: AdminApi,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="All unless given.", show_default=False)] = None,
) -> None:
    """Send a test to one destination, or to each, and say whether it has arrived."""
    names = [name] if name else [str(each["name"]) for each in api.call("GET", "alerts")["destinations"]]
    answers = [api.call("POST", "alerts", each, "test") for each in names]
    if not api.print_as_json(answers):
        for answer in answers:
            if answer["ok"]:
                print(f"{answer['name']}: it has arrived.")
            else:
                complain(f"{answer['name']}: {answer['error']}")
    if not all(answer["ok"] for answer in answers):
        raise typer.Exit(1)


@command(alert_app, "delete")
def delete_alert(api: AdminApi, name: Destination) -> None:
    """Remove a destination of alerts."""
    change(api, "Destination", "deleted", "DELETE", "alerts", name)


@command(alert_app, "enable")
def enable_alert(api: AdminApi, name: Destination) -> None:
    """Send alerts there again."""
    change(api, "Destination", "enabled", "POST", "alerts", name, "enable")


@command(alert_app, "disable")
def disable_alert(api: AdminApi, name: Destination) -> None:
    """Send nothing there for now."""
    change(api, "Destination", "disabled", "POST", "alerts", name, "disable")
