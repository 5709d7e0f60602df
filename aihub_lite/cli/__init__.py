"""The command line: `aihub-lite serve`, and one group of commands per noun, all over the admin API.

It knows typer, with `base`. May import `server` to serve, and `config`; what a command does is the admin API's
business.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from aihub_lite import __version__
from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.base.output import complain, warn_of_unknown_variables
from aihub_lite.cli.serving import NAME as SERVE
from aihub_lite.cli.serving import OPTIONS, plain_options
from aihub_lite.config import BadSetting, load
from aihub_lite.storage.sqlite.faults import StorageFault

if TYPE_CHECKING:
    import typer

USAGE = 2
"""The exit code for a command that was typed wrong; 1 is for one that was refused or failed."""


def serve(options: Mapping[str, Any]) -> int:
    """Run the gateway until it is told to stop."""
    values = dict(options)
    if values.get("data_dir") is not None:
        values["data_dir"] = values["data_dir"].expanduser()
    if values.get("log_level") is not None:
        values["log_level"] = values["log_level"].upper()
    configuration = values.pop("config", None)
    settings = load(**values)
    warn_of_unknown_variables()
    if bool(settings.certfile) != bool(settings.keyfile):
        raise Failed("--certfile and --keyfile go together", 400)
    for pem in (settings.certfile, settings.keyfile):
        if pem and not pem.is_file():
            raise Failed(f"there is no file {pem}", 400)
    # Imported only here: the server takes half a second, which no other command should pay.
    from aihub_lite.server.serve import run

    return run(settings, configuration)


def program() -> typer.Typer:
    """All commands."""
    import typer

    def show_version(wanted: bool) -> None:
        """Print the version and stop."""
        if wanted:
            print(f"aihub-lite {__version__}")
            raise typer.Exit

    def root(
        version: bool = typer.Option(
            False, "--version", callback=show_version, is_eager=True, help="Print the version."
        ),
    ) -> None:
        """A self-hosted AI gateway that one command starts: OpenAI's API in front, every provider behind."""

    def serving(**options: Any) -> None:
        raise typer.Exit(serve(options))

    app = typer.Typer(
        help="A self-hosted AI gateway that one command starts: OpenAI's API in front, every provider behind.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(root)
    # typer reads these three of a command.
    serving.__doc__ = serve.__doc__
    annotations = {
        name: Annotated[option.kind | None, typer.Option(metavar=option.metavar, help=option.help)]
        for name, option in OPTIONS.items()
    }
    serving.__annotations__ = annotations
    serving.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for name, annotation in annotations.items()
        ]
    )
    app.command(SERVE)(serving)
    add_groups(app)
    return app


def add_groups(app: typer.Typer) -> None:
    """Every group of commands, by its noun."""
    from aihub_lite.cli.admin import admin_app, audit_app, backup_app, console_app, restore_app, session_app
    from aihub_lite.cli.alerts import alert_app
    from aihub_lite.cli.breaker import breaker_app
    from aihub_lite.cli.channels import channel_app
    from aihub_lite.cli.configuration import configuration_app
    from aihub_lite.cli.doctor import doctor_app
    from aihub_lite.cli.imports import import_app
    from aihub_lite.cli.models import alias_app, model_app
    from aihub_lite.cli.people import invitation_app, invite_app, person_app, team_app
    from aihub_lite.cli.pots import budget_app, credit_app
    from aihub_lite.cli.prices import price_app
    from aihub_lite.cli.requests import request_app
    from aihub_lite.cli.routes import route_app
    from aihub_lite.cli.service.commands import service_app
    from aihub_lite.cli.settings import settings_app
    from aihub_lite.cli.tokens import token_app
    from aihub_lite.cli.usage import usage_app, view_app

    app.add_typer(token_app, name="token")
    app.add_typer(person_app, name="person")
    app.add_typer(team_app, name="team")
    app.add_typer(invitation_app, name="invitation")
    app.add_typer(budget_app, name="budget")
    app.add_typer(credit_app, name="credit")
    app.add_typer(channel_app, name="channel")
    app.add_typer(model_app, name="model")
    app.add_typer(alias_app, name="alias")
    app.add_typer(price_app, name="price")
    app.add_typer(route_app, name="route")
    app.add_typer(settings_app, name="settings")
    app.add_typer(request_app, name="request")
    app.add_typer(view_app, name="view")
    app.add_typer(session_app, name="session")
    app.add_typer(admin_app, name="admin")
    app.add_typer(service_app, name="service")
    app.add_typer(audit_app, name="audit")
    app.add_typer(import_app, name="import")
    app.add_typer(alert_app, name="alert")
    app.add_typer(invite_app)
    app.add_typer(backup_app)
    app.add_typer(restore_app)
    app.add_typer(doctor_app)
    app.add_typer(breaker_app)
    app.add_typer(usage_app)
    app.add_typer(console_app)
    app.add_typer(configuration_app)


def run(arguments: Sequence[str]) -> None:
    """Run one command; raises SystemExit in the end. A server that is told plainly what to do loads no other command,
    nor the library that makes them."""
    if arguments[:1] == [SERVE] and (options := plain_options(arguments[1:])) is not None:
        sys.exit(serve(options))
    program()(prog_name="aihub-lite")


def main() -> None:
    """Run one command; every failure is one line on stderr and an exit code of its own."""
    # Without a server the gateway runs in this process: what it logs is for the server's operator, not for a pipe.
    logging.getLogger("aihub_lite").addHandler(logging.NullHandler())
    try:
        run(sys.argv[1:])
    except BadSetting as error:
        complain(str(error))
        sys.exit(USAGE)
    except Failed as error:
        complain(error.message)
        sys.exit(USAGE if error.status == 400 else 1)
    except (StorageFault, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # Else Python would complain about the closed pipe once more when it flushes stdout at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            complain(str(error))
        sys.exit(1)
