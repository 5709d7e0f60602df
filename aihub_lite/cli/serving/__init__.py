"""The options of `aihub-lite serve`, read without the library of the command line: that is a quarter of a start, and
12 MB for as long as the server runs. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

NAME = "serve"


@attrs.frozen
class ServeOption:
    """One option; its value is a setting's, but for the file of --config."""

    kind: type[str] | type[int] | type[Path]
    metavar: str
    help: str


OPTIONS: Mapping[str, ServeOption] = {
    "host": ServeOption(str, "ADDRESS", "Default: 127.0.0.1 (AIHUB_HOST)."),
    "port": ServeOption(int, "N", "Default: 4242 (AIHUB_PORT); 0: a free one."),
    "data_dir": ServeOption(Path, "DIR", "Where to keep data (AIHUB_DATA_DIR)."),
    "certfile": ServeOption(Path, "PEM", "Serve TLS and HTTP/2; with --keyfile."),
    "keyfile": ServeOption(Path, "PEM", "The certificate's key."),
    "server": ServeOption(str, "NAME", "Who reads HTTP/1.1: llhttp or hypercorn (AIHUB_SERVER)."),
    "rpm": ServeOption(int, "N", "Requests per minute and token; default 180, 0: no limit."),
    "config": ServeOption(Path, "FILE", "What export prints: applied at start, and again on SIGHUP."),
    "log_level": ServeOption(str, "LEVEL", "DEBUG, INFO, WARNING or ERROR."),
}
"""By the settings that they are for, and `config`."""
NAMES: Mapping[str, str] = {f"--{name.replace('_', '-')}": name for name in OPTIONS}


def plain_options(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What the arguments of `serve` say, where each is an option with its value; None where more has to be said of
    them: help is wanted, or something is typed wrong."""
    options: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in NAMES or (not equals and not rest):
            return None
        if not equals:
            value = rest.pop(0)
        option = OPTIONS[NAMES[name]]
        if value.startswith("-") or (option.kind is int and not value.isdecimal()):
            return None
        options[NAMES[name]] = option.kind(value)
    return options
