"""The options of `channel add` and `channel set`: each group turns its own into fields of the admin API's body.

A group is a function. One more of them, in `CHANNEL_OPTIONS`, is there for both commands; its values in the answer are
printed by `channel set` without another line.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from aihub_lite.cli.base.commands import NONE, OptionGroup, number_or_none, or_none, split_list, without_none
from aihub_lite.cli.base.sending import sending

COST_HELP = "Bill what it says itself that an answer cost, or the model's price; auto, see /docs/operator/money."
STDIN = "-"
"""What stands for keys on stdin, where no shell's history and no list of processes has them."""
KEY_HELP = "All its keys, which share the load; -: from stdin; file: and profile: at clouds, entra: at Azure."
PROXY_HELP = "Instead of the environment's: http://, https://, socks5://, socks5h://, env:VAR, or direct."
CA_HELP = "Authorities in PEM that are trusted beside the usual ones."
CLIENT_CERT_HELP = "Certificate and key in PEM, for an upstream that asks for one."
BIND_HELP = "Connect from this address of the gateway's machine."
Proxy = Annotated[str | None, typer.Option("--proxy", metavar="URL|env|direct", help=PROXY_HELP)]
Authorities = Annotated[str | None, typer.Option("--ca", metavar="FILE|none", help=CA_HELP)]
ClientCertificate = Annotated[str | None, typer.Option("--client-cert", metavar="FILE|none", help=CLIENT_CERT_HELP)]
Bind = Annotated[str | None, typer.Option("--bind", metavar="ADDRESS|none", help=BIND_HELP)]
Seconds = Annotated[
    str | None, typer.Option(metavar="SECONDS|none", help="Instead of the setting of that name.", show_default=False)
]


def address(
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="'': the preset's own.")] = None,
    project: Annotated[str | None, typer.Option(metavar="ID", help="Of Vertex AI, in place of a base URL.")] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="Of Vertex AI, else global; of AWS.")] = None,
) -> dict[str, Any]:
    """Where the upstream is."""
    return without_none(base_url=base_url, project=project, region=region)


def keys(
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="env:VAR|file:PATH|profile:NAME|entra:TENANT/CLIENT/env:SECRET|-|KEY", help=KEY_HELP),
    ] = None,
) -> dict[str, Any]:
    """The keys, all of them."""
    if not key:
        return {}
    return {"keys": keys_given(key)}


def models(
    models: Annotated[
        str | None, typer.Option(metavar="a,b=upstream-b,gpt-*", help="Those it offers; '': what the upstream lists.")
    ] = None,
) -> dict[str, Any]:
    """What it offers."""
    return without_none(models=split_list(models))


def standing(
    priority: Annotated[int | None, typer.Option(metavar="N", help="Higher goes first.")] = None,
    weight: Annotated[int | None, typer.Option(metavar="N", help="Share of the load within a priority.")] = None,
    group: Annotated[str | None, typer.Option(metavar="GROUP", help="Serves tokens of this group.")] = None,
    cost: Annotated[str | None, typer.Option(metavar="auto|upstream|table", help=COST_HELP)] = None,
) -> dict[str, Any]:
    """How it stands among the others, and what it is billed by."""
    return without_none(priority=priority, weight=weight, group=group, cost=cost)


def limits(
    rpm: Annotated[str | None, typer.Option(metavar="N|none", help="Requests per minute.")] = None,
    tpm: Annotated[str | None, typer.Option(metavar="N|none", help="Tokens per minute.")] = None,
    concurrency: Annotated[str | None, typer.Option(metavar="N|none", help="Requests at once.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="USD/day|week|month|none", help="What it may cost.")] = None,
) -> dict[str, Any]:
    """What may be asked of it; who is at a limit is passed over."""
    counts = {"rpm": rpm, "tpm": tpm, "concurrency": concurrency}
    given = {name: number_or_none(text) for name, text in without_none(**counts).items()}
    return or_none(**given, budget=budget)


def learning(
    learn: Annotated[
        str | None, typer.Option(metavar="on|off", help="Keep to the limits that its answers tell in their headers.")
    ] = None,
) -> dict[str, Any]:
    """Whether it is believed what it says of its limits."""
    return without_none(learn=learn)


def clocks(
    connect_timeout: Seconds = None,
    first_byte_timeout: Seconds = None,
    answer_timeout: Seconds = None,
    idle_timeout: Seconds = None,
    total_timeout: Seconds = None,
) -> dict[str, Any]:
    """Limits of time of its own; `none` is the gateway's setting of that name."""
    given = or_none(
        connect=connect_timeout,
        first_byte=first_byte_timeout,
        answer=answer_timeout,
        idle=idle_timeout,
        total=total_timeout,
    )
    if not given:
        return {}
    return {"clocks": {name: _seconds(text) for name, text in given.items()}}


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a number of seconds nor {NONE}") from None


def way(
    proxy: Proxy = None, ca: Authorities = None, client_cert: ClientCertificate = None, bind: Bind = None
) -> dict[str, Any]:
    """Through which proxy it is reached, trusting whom, from which address."""
    return or_none(proxy=proxy, ca=_absolute(ca), client_cert=_absolute(client_cert), bind=bind)


def _absolute(path: str | None) -> str | None:
    """As the gateway finds the file from whatever directory it runs in."""
    if path in (None, "", NONE):
        return path
    return str(Path(path).expanduser().absolute())


def keys_given(given: Sequence[str]) -> list[str]:
    """What stands for keys in a body: as given, and for `-` what stdin has."""
    keys: list[str] = []
    for key in given:
        if key == STDIN:
            keys += keys_on_stdin()
        else:
            keys.append(key)
    return keys


def keys_on_stdin() -> list[str]:
    """One a line, or the key file of an account; a person at a terminal is asked for one, which is not shown.

    Raises BadParameter without any.
    """
    text = getpass("Key: ") if sys.stdin.isatty() else sys.stdin.read()
    if text.lstrip().startswith("{"):
        return [text.strip()]
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if not keys:
        raise typer.BadParameter("there is no key on stdin")
    return keys


CHANNEL_OPTIONS: tuple[OptionGroup, ...] = (address, keys, models, standing, limits, learning, clocks, sending, way)
