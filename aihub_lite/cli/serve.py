"""`aihub-lite serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aihub_lite.config import load


def serve(
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Default: 127.0.0.1 (AIHUB_HOST).")] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="Default: 4242 (AIHUB_PORT); 0: a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to keep data (AIHUB_DATA_DIR).")] = None,
    certfile: Annotated[Path | None, typer.Option(metavar="PEM", help="Serve TLS and HTTP/2; with --keyfile.")] = None,
    keyfile: Annotated[Path | None, typer.Option(metavar="PEM", help="The certificate's key.")] = None,
    rpm: Annotated[
        int | None, typer.Option(metavar="N", help="Requests per minute and token; default 180, 0: no limit.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.")] = None,
) -> None:
    """Run the gateway until it is told to stop."""
    settings = load(
        host=host,
        port=port,
        data_dir=data_dir and data_dir.expanduser(),
        certfile=certfile,
        keyfile=keyfile,
        rpm=rpm,
        log_level=log_level and log_level.upper(),
    )
    if bool(settings.certfile) != bool(settings.keyfile):
        raise typer.BadParameter("--certfile and --keyfile go together")
    for pem in (settings.certfile, settings.keyfile):
        if pem and not pem.is_file():
            raise typer.BadParameter(f"there is no file {pem}")
    # Imported only here: the server and its framework take half a second, which no other command should pay.
    from aihub_lite.server import run  # noqa: PLC0415

    raise typer.Exit(run(settings))
