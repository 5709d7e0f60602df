"""`aihub-lite import PROGRAM DATABASE`: another gateway's database is read here, and what it holds is sent to ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Annotated, Any

import attrs
import typer

from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.base.commands import AdminApi, command
from aihub_lite.cli.base.output import shown
from aihub_lite.moving import new_api, one_api
from aihub_lite.moving.move import Move, Unreadable

DATABASE_HELP = "Its SQLite file, postgresql://… or mysql://…, also as it stands in its SQL_DSN."
HELP = "Move in from another gateway: its keys go on working."
import_app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each row.")]
PeerDatabase = Annotated[str, typer.Argument(metavar="DATABASE", show_default=False, help=DATABASE_HELP)]

LogDatabase = Annotated[
    str,
    typer.Option(
        metavar="DATABASE", help="Where its log is in another database: as in its LOG_SQL_DSN.", show_default=False
    ),
]


@import_app.callback()
def move_in() -> None:
    """Move in from another gateway: its keys go on working."""


@command(import_app, "litellm")
def import_litellm(
    api: AdminApi,
    source: Annotated[str, typer.Argument(metavar="CONFIG", show_default=False, help="config.yaml, or its database.")],
    database: Annotated[
        str, typer.Option(metavar="FILE|URL", help="What pg_dump wrote, or postgresql://…", show_default=False)
    ] = "",
    salt_key: Annotated[
        str, typer.Option(metavar="KEY", help="Else LITELLM_SALT_KEY, else its master key.", show_default=False)
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Move in from a LiteLLM proxy: deployments, fallbacks, prices, teams, users and keys, which go on working."""
    # Imported only here, as for gpt-load: no other command reads YAML.
    from aihub_lite.moving.litellm.facts import move_of  # noqa: PLC0415
    from aihub_lite.moving.litellm.source import read_litellm  # noqa: PLC0415

    def read() -> Move:
        found = read_litellm(source, database, salt_key, os.environ)
        return move_of(found, os.environ, int(time.time()))

    bring(api, dry_run, read)


@command(import_app, "gpt-load")
def import_gpt_load(
    api: AdminApi,
    database: PeerDatabase,
    encryption_key: Annotated[
        str, typer.Option(metavar="KEY", help="Else the variable ENCRYPTION_KEY.", show_default=False)
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Move in from gpt-load: groups, their keys and those of clients; /proxy/GROUP stays their base URL."""
    from aihub_lite.moving.gpt_load.database import read_pool  # noqa: PLC0415
    from aihub_lite.moving.gpt_load.facts import move_of  # noqa: PLC0415

    def read() -> Move:
        key = encryption_key or os.environ.get("ENCRYPTION_KEY", "")
        return move_of(read_pool(database, key), int(time.time()))

    bring(api, dry_run, read)


def bring(api: AdminApi, dry_run: bool, read: Callable[[], Move]) -> None:
    """Read another gateway's database here, and have the gateway take in what it holds, or say what it would."""
    try:
        move = read()
    except Unreadable as error:
        raise Failed(str(error), 400) from None
    path, done = ["import"], "are here"
    if dry_run:
        path, done = ["import", "preview"], "would come along"
    answer = api.call("POST", *path, body=attrs.asdict(move, recurse=False))
    if api.print_as_json(answer):
        return
    rows = answer["rows"]
    for row in rows:
        print(_moved_text(row))
        for note in row["notes"]:
            print(f"    {shown(note)}")
    taken = sum(bool(row["becomes"]) for row in rows)
    print(f"{taken} of {len(rows)} rows {done}, {len(rows) - taken} stay behind.")


def _moved_text(row: dict[str, Any]) -> str:
    names = dict.fromkeys(name for name in (row["source"], row["name"]) if name)
    source = " ".join([row["noun"], *names])
    return shown(f"{source} → {row['becomes'] or 'stays behind'}")


@command(import_app, "one-api")
def import_one_api(
    api: AdminApi, database: PeerDatabase, log_database: LogDatabase = "", dry_run: DryRun = False
) -> None:
    """Channels, people, tokens, prices and the log of one-api. It may run meanwhile; run twice, nothing comes twice."""
    bring(api, dry_run, lambda: one_api.read(database, log_database=log_database))


@command(import_app, "new-api")
def import_new_api(
    api: AdminApi, database: PeerDatabase, log_database: LogDatabase = "", dry_run: DryRun = False
) -> None:
    """The same of new-api."""
    bring(api, dry_run, lambda: new_api.read(database, log_database=log_database))
