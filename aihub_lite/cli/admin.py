"""`aihub-lite admin …`, `session …`, `console`, `audit …` and `backup FILE`: who administers, and what they did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.base.commands import AdminApi, Everything, Limit, command, one_or_all, without_none
from aihub_lite.cli.base.output import print_json, print_table, shown
from aihub_lite.cli.passphrases import passphrase_of
from aihub_lite.config import DATABASE, BadSetting
from aihub_lite.gateway.state.admin_key import ADMIN_KEY_FILE, ADMIN_KEY_VARIABLE
from aihub_lite.storage.backups.faults import BackupFailed
from aihub_lite.storage.backups.restoring import restore
from aihub_lite.storage.backups.sealing import is_sealed
from aihub_lite.storage.sqlite.faults import AlreadyRunning
from aihub_lite.storage.sqlite.lock import DataLock

admin_app = typer.Typer(help="The key to the console and the admin API.", no_args_is_help=True, rich_markup_mode=None)
session_app = typer.Typer(
    help="Browsers that are signed in to the console.", no_args_is_help=True, rich_markup_mode=None
)
SESSIONS = {"id": "ID", "client": "BROWSER", "address": "FROM", "created": "SIGNED IN", "expires": "EXPIRES"}
console_app = typer.Typer(rich_markup_mode=None)
backup_app = typer.Typer(rich_markup_mode=None)
restore_app = typer.Typer(rich_markup_mode=None)
audit_app = typer.Typer(help="Who changed what, and when.", no_args_is_help=True, rich_markup_mode=None)
AUDIT = {"at": "AT", "by": "BY", "address": "FROM", "action": "DID", "what": "WHAT", "changes": "CHANGES"}


@admin_app.callback()
def admin() -> None:
    """The key to the console and the admin API."""


@command(admin_app, "reset-key")
def reset_key(api: AdminApi) -> None:
    """Make a new admin key, shown once; the old one, all sessions and all links end at once."""
    try:
        answer = api.call("POST", "admin-key")
    except BadSetting:
        if os.environ.get(ADMIN_KEY_VARIABLE):
            raise
        # What lies in the file is no key, and no server runs that would know one.
        (api.client.settings.data_dir / ADMIN_KEY_FILE).unlink(missing_ok=True)
        answer = api.call("POST", "admin-key")
    if not api.print_as_json(answer):
        print(f"The admin key is a new one, and {answer['ended']} sessions ended:\n\n{answer['key']}")


@command(session_app, "list")
def list_sessions(api: AdminApi) -> None:
    """Who is signed in, newest first."""
    answer = api.call("GET", "sessions")
    if not api.print_as_json(answer):
        columns = SESSIONS
        if any(session["person"] for session in answer):
            columns = {**SESSIONS, "person": "PERSON"}
        print_table(answer, columns, "Nobody is signed in.")


@command(session_app, "end")
def end_session(
    api: AdminApi,
    session: Annotated[str | None, typer.Argument(metavar="[ID]", help="As listed.", show_default=False)] = None,
    everything: Everything = False,
) -> None:
    """Sign one browser out; or all, and links that were handed out open nothing any more."""
    if one_or_all(session, everything, "a session's id") is None:
        answer = api.call("DELETE", "sessions")
    else:
        answer = api.call("DELETE", "sessions", str(session))
    if not api.print_as_json(answer):
        print(f"Session {answer['id']} ended." if session else f"{answer['ended']} sessions ended.")


@command(console_app, "console")
def link_to_console(api: AdminApi) -> None:
    """Print a link that opens the console once."""
    address = api.client.address()
    if address is None:
        raise Failed("no server runs on this data directory: start one with `aihub-lite serve`")
    answer = api.call("POST", "console-links")
    link = (answer["public_url"] or address.rstrip("/")) + answer["path"]
    if api.json:
        print_json({"url": link, "expires": answer["expires"]})
    else:
        print(link)


@audit_app.callback()
def audit() -> None:
    """Who changed what, and when."""


@command(audit_app, "list")
def list_audit(
    api: AdminApi,
    by: Annotated[str | None, typer.Option(metavar="PERSON", help="Who: a name, or admin key.")] = None,
    thing: Annotated[str | None, typer.Option("--object", metavar="NAME", help="What was changed.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="token, channel, person…")] = None,
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="As listed: edit_token…")] = None,
    since: Annotated[str | None, typer.Option(metavar="7d|DATE", help="From then on.")] = None,
    limit: Limit = None,
) -> None:
    """Who changed what from what to what, when and from where, newest first."""
    filters = without_none(by=by, object=thing, kind=kind, action=action, since=since)
    answer = api.rows("audit", None, limit, **filters)
    if not api.print_as_json(answer):
        print_table([_audit_row(entry) for entry in answer], AUDIT, "Nothing was changed.")


def _audit_row(entry: dict[str, Any]) -> dict[str, Any]:
    changes = [f"{field} {shown(was)} → {shown(now)}" for field, (was, now) in entry["changes"].items()]
    return {**entry, "what": f"{entry['kind']} {entry['object']}".strip(), "changes": "; ".join(changes)}


@command(backup_app, "backup")
def back_up(
    api: AdminApi, file: Annotated[Path | None, typer.Argument(metavar="[FILE]", show_default=False)] = None
) -> None:
    """Copy the database, and with it the keys of all channels, into FILE; without one, as the settings backup_… say."""
    if file is None:
        made = api.call("POST", "backups")
        if not api.print_as_json(made):
            kind = {True: "It is sealed.", False: "It holds the keys of all channels."}[made["sealed"]]
            print(f"{made['file']}: {made['bytes']} bytes, checked. {kind}")
        return
    size = api.client.save_backup(file)
    if api.json:
        print_json({"file": str(file), "bytes": size})
    else:
        print(f"{file}: {size} bytes. It holds the keys of all channels.")


@command(restore_app, "restore")
def put_back(
    api: AdminApi,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Over a database that was used later, too.")] = False,
    passphrase: Annotated[
        str | None,
        typer.Option(
            metavar="env:NAME|file:/path", help="Of a sealed one (AIHUB_BACKUP_PASSPHRASE); else it is asked for."
        ),
    ] = None,
) -> None:
    """Put a backup in the place of the database, once it is found whole; what was there is kept beside it."""
    if api.client.url is not None:
        raise Failed("a backup is restored on the machine of its gateway, without --url", 400)
    settings = api.client.settings
    try:
        with DataLock.take(settings.data_dir):
            secret = ""
            if is_sealed(file):
                secret = passphrase_of(passphrase or settings.backup_passphrase)
            done = restore(settings.data_dir / DATABASE, file, secret, force=force)
    except BackupFailed as failed:
        raise Failed(failed.message) from None
    except AlreadyRunning as running:
        raise Failed(f"{running}: stop it first") from None
    answer = {
        "database": str(settings.data_dir / DATABASE),
        "schema": done.contents.version,
        "tokens": done.contents.rows.get("tokens", 0),
        "channels": done.contents.rows.get("channels", 0),
        "kept": done.kept and str(done.kept),
    }
    if not api.print_as_json(answer):
        print(f"{answer['database']} is {file} now: {answer['tokens']} tokens, {answer['channels']} channels.")
        if done.kept:
            print(f"What was there is kept as {done.kept}.")
