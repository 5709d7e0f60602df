"""`aihub-lite export > gateway.toml`, `apply gateway.toml` and `schema`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import complain, print_json, shown
from aihub_lite.cli.passphrases import passphrase_of
from aihub_lite.storage.backups.faults import BackupFailed

configuration_app = typer.Typer(rich_markup_mode=None)
STDIN = Path("-")
SEALED = re.compile(r"^\s*\[sealed\]", re.MULTILINE)
WAYS = "give --passphrase env:NAME or file:/path, or set AIHUB_CONFIG_PASSPHRASE so, or be at a terminal to be asked"
Passphrase = Annotated[
    str | None,
    typer.Option(
        metavar="env:NAME|file:/path",
        help="Of what is sealed (AIHUB_CONFIG_PASSPHRASE); else it is asked for.",
        show_default=False,
    ),
]


@command(configuration_app, "export")
def export(
    api: AdminApi,
    seal: Annotated[
        bool, typer.Option("--seal", help="With secrets that were typed in, which a passphrase alone opens.")
    ] = False,
    passphrase: Passphrase = None,
) -> None:
    """Print the gateway as one file (TOML): channels, routes, aliases, prices, people, teams, tokens, settings."""
    if seal:
        secret = _passphrase(api, passphrase, is_new=True)
        if not secret:
            raise Failed(f"--seal needs a passphrase: {WAYS}", 400)
        answer = api.call("POST", "export", body={"passphrase": secret})
    else:
        answer = api.call("GET", "export")
    if not api.print_as_json(answer):
        print(answer["document"], end="")


@command(configuration_app, "apply")
def apply(
    api: AdminApi,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As export prints it; - for stdin.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what FILE does not name.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without a question.")] = False,
    passphrase: Passphrase = None,
) -> None:
    """Make the gateway what FILE says, all of it or nothing, and print what changed."""
    body = {"document": _text_of(file)}
    if SEALED.search(body["document"]):
        body["passphrase"] = _passphrase(api, passphrase, is_new=False)
        if not body["passphrase"]:
            raise Failed(f"{file} has sealed secrets: {WAYS}", 400)
    if prune and not dry_run and not yes:
        _confirm(api, body)
    answer = api.call("POST", "apply", body=body, dry_run=_word(dry_run), prune=_word(prune))
    if not api.print_as_json(answer):
        _print_outcome(answer)


@configuration_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the file, for editors: schema > gateway.schema.json, beside it."""
    # Imported only here: it takes the admin API to say what may stand there.
    from aihub_lite.web.configuration.schema import document_schema  # noqa: PLC0415

    print_json(document_schema())


def _passphrase(api: AdminApi, source: str | None, *, is_new: bool) -> str:
    """The passphrase of what is sealed in a file, asked for where nothing says it; empty where nobody can be asked."""
    try:
        return passphrase_of(source or api.client.settings.config_passphrase, is_new=is_new)
    except BackupFailed as failed:
        raise Failed(failed.message, 400) from None


def _word(flag: bool) -> str:
    return str(flag).lower()


def _text_of(file: Path) -> str:
    try:
        if file == STDIN:
            return sys.stdin.read()
        return file.read_text()
    except UnicodeDecodeError:
        raise Failed(f"{file} is not UTF-8", 400) from None


def _confirm(api: AdminApi, body: dict[str, Any]) -> None:
    """Show what would be deleted, and go on only where somebody says so; raises Failed."""
    rehearsed = api.call("POST", "apply", body=body, dry_run="true", prune="true")
    gone = [change for change in rehearsed["changes"] if change["sign"] == "-"]
    if not gone:
        return
    for change in gone:
        complain(f"- {shown(change['kind'])} {shown(change['name'])}")
    if not sys.stdin.isatty():
        raise Failed("--prune deletes these: say --yes if that is meant", 400)
    typer.confirm(f"Delete these {len(gone)}?", abort=True, err=True)


def _print_outcome(answer: dict[str, Any]) -> None:
    for change in answer["changes"]:
        print(" ".join(dict.fromkeys([change["sign"], shown(change["kind"]), shown(change["name"])])))
        for line in _field_lines(change):
            print(f"    {line}")
    for reason in answer["kept"]:
        complain(f"kept: {shown(reason)}")
    for made in answer["keys"]:
        print(f"\nThe key of {shown(made['token'])} is shown this once:\n\n{made['key']}")
    for made in answer["secrets"]:
        print(f"\nThe secret of {shown(made['alert'])} is shown this once:\n\n{made['secret']}")
    if not answer["changes"]:
        print("Nothing changes." if answer["dry_run"] else "Nothing changed.")


def _field_lines(change: dict[str, Any]) -> list[str]:
    """What became otherwise, a field a line; of what is gone nothing, of what is new what it has."""
    if change["sign"] == "-":
        return []
    if change["sign"] == "~":
        return [f"{shown(field)}: {shown(was)} → {shown(now)}" for field, (was, now) in change["fields"].items()]
    said = {field: now for field, (_, now) in change["fields"].items() if field != "name"}
    return [f"{shown(field)}: {shown(now)}" for field, now in said.items() if now not in (None, [], False)]
