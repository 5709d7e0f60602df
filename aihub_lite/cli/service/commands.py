"""`aihub-lite service install|status|remove`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import attrs
import typer

from aihub_lite.cli.base.call import Failed
from aihub_lite.cli.base.output import complain, print_facts
from aihub_lite.cli.service.managers import Manager, ManagerAnswer, is_ours, manager_of
from aihub_lite.cli.service.units import Service
from aihub_lite.config import Settings, load

service_app = typer.Typer(help="The gateway as a service of this machine.", no_args_is_help=True, rich_markup_mode=None)
System = Annotated[bool, typer.Option("--system", help="The machine's (as root); else yours.")]
DataDir = Annotated[Path | None, typer.Option(metavar="DIR", help="Where it keeps data (AIHUB_DATA_DIR).")]


@service_app.callback()
def service() -> None:
    """The gateway as a service of this machine."""


@service_app.command()
def install(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Default: 127.0.0.1 (AIHUB_HOST).")] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="Default: 4242 (AIHUB_PORT).")] = None,
    system: System = False,
    user: Annotated[str, typer.Option(metavar="NAME", help="With --system: the account that it runs as.")] = "",
    socket: Annotated[
        bool, typer.Option("--socket", help="systemd keeps the port: restarts and upgrades refuse nobody.")
    ] = False,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Start it now and with the machine.")] = True,
) -> None:
    """Write the service's files for this installation and data directory, and start it; says what it did.

    Whoever installs it once more gets what the options say then.
    """
    settings = load(data_dir=data_dir, host=host, port=port)
    manager = manager_of(system=system)
    if socket and sys.platform == "darwin":
        raise Failed("--socket is for systemd: launchd passes its sockets on in a way that is not read here", 400)
    if settings.port == 0:
        raise Failed("--port: a service needs a port that stays", 400)
    wanted = attrs.evolve(described(settings), system=system, user=account(user, system=system), socket=socket)
    write(manager, wanted)
    if start:
        carried_out(manager.start(wanted))
        for advice in manager.advice(wanted):
            print(f"Note: {advice}.")
    print(f"Keys of providers go into {wanted.environment_file}, as NAME=value lines, mode 0600.")


@service_app.command()
def status(system: System = False) -> None:
    """Whether it is installed, and whether it runs."""
    manager = manager_of(system=system)
    there = [str(path) for path in manager.paths() if path.exists()]
    if not there:
        print("Not installed.")
        raise typer.Exit(1)
    state = manager.state()
    print_facts({"files": there, "state": state})
    if state not in ("active", "running"):
        raise typer.Exit(1)


@service_app.command()
def remove(system: System = False) -> None:
    """Stop it and delete its files; the data directory stays as it is."""
    manager = manager_of(system=system)
    there = [path for path in manager.paths() if path.exists()]
    if not there:
        print("Not installed.")
        return
    refuse_foreign(there)
    carried_out(manager.stop())
    for path in there:
        path.unlink()
        print(f"Deleted {path}")
    carried_out(manager.forget())
    print("The data directory stays as it is.")


def described(settings: Settings) -> Service:
    """The service of this installation, by the interpreter that runs this."""
    data_dir = settings.data_dir.expanduser().absolute()
    return Service(
        program=(sys.executable, "-m", "aihub_lite"),
        data_dir=data_dir,
        host=settings.host,
        port=settings.port,
        environment_file=data_dir / "service.env",
    )


def account(user: str, *, system: bool) -> str:
    """Whom a service of the machine runs as: never as root by accident. Raises Failed."""
    if not system:
        if user:
            raise Failed("--user goes with --system: your own services run as you", 400)
        return ""
    name = user or os.environ.get("SUDO_USER", "")
    if not name:
        raise Failed("--user NAME: whom the service is to run as (the data directory has to be theirs)", 400)
    return name


def write(manager: Manager, service: Service) -> None:
    """Write the files, and make the data directory; those of another hand are not overwritten."""
    files = list(manager.files(service))
    refuse_foreign([path for path, _ in files if path.exists()])
    service.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = {path for path, _ in files}
    for path, content in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"Wrote {path}")
    for path in manager.paths():
        if path not in wanted and path.exists() and is_ours(path):
            path.unlink()
            print(f"Deleted {path}")


def refuse_foreign(paths: Iterable[Path]) -> None:
    """Raises Failed where a file was written by another hand."""
    for path in paths:
        if not is_ours(path):
            raise Failed(f"{path} was not written by this command: it is left alone")


def carried_out(commands: Iterable[ManagerAnswer]) -> None:
    """Say each command of the manager; raises Failed at the first that it refuses."""
    for told in commands:
        if told.code:
            complain(f"{told.line} failed: {told.output or 'without a word'}")
            raise Failed(f"the files are written; when that is mended, run: {told.line}")
        print(f"Ran {told.line}")
