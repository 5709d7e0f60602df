"""The command line: `aihub-lite serve`, and one group of commands per noun, all over the admin API."""

from __future__ import annotations

import logging
import os
import sys

import typer

from aihub_lite import __version__
from aihub_lite.cli.admin import admin_app
from aihub_lite.cli.aliases import alias_app
from aihub_lite.cli.backup import backup_app
from aihub_lite.cli.channels import channel_app
from aihub_lite.cli.client import Failed
from aihub_lite.cli.console import console_app
from aihub_lite.cli.models import model_app
from aihub_lite.cli.output import complain
from aihub_lite.cli.prices import price_app
from aihub_lite.cli.routes import route_app
from aihub_lite.cli.serve import serve
from aihub_lite.cli.settings import settings_app
from aihub_lite.cli.tokens import token_app
from aihub_lite.cli.usage import usage_app
from aihub_lite.config import BadSetting
from aihub_lite.storage.faults import StorageFault

USAGE = 2
"""Exit code for what was typed wrong; 1 is for what was refused or failed."""


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(f"aihub-lite {__version__}")
        raise typer.Exit


app = typer.Typer(
    help="A self-hosted AI gateway that one command starts: OpenAI's API in front, every provider behind.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=show_version, is_eager=True, help="Print the version."),
) -> None:
    """A self-hosted AI gateway that one command starts: OpenAI's API in front, every provider behind."""


app.command()(serve)
app.add_typer(token_app, name="token")
app.add_typer(channel_app, name="channel")
app.add_typer(model_app, name="model")
app.add_typer(alias_app, name="alias")
app.add_typer(price_app, name="price")
app.add_typer(route_app, name="route")
app.add_typer(settings_app, name="settings")
app.add_typer(admin_app, name="admin")
app.add_typer(backup_app)
app.add_typer(usage_app)
app.add_typer(console_app)


def main() -> None:
    """Run one command; every failure is one line on stderr and an exit code of its own."""
    # Without a server the gateway runs in this process: what it logs is for the server's operator, not for a pipe.
    logging.getLogger("aihub_lite").addHandler(logging.NullHandler())
    try:
        app(prog_name="aihub-lite")
    except BadSetting as error:
        complain(str(error))
        sys.exit(USAGE)
    except Failed as error:
        complain(error.message)
        sys.exit(USAGE if error.status == 400 else 1)
    except (StorageFault, OSError) as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            complain(str(error))
        sys.exit(1)
