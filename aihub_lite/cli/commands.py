"""What every administering command takes beside its own options: which gateway, and whether to print JSON."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import quote

import attrs
import typer

from aihub_lite.cli.client import Client
from aihub_lite.cli.output import print_json
from aihub_lite.config import load


@attrs.frozen
class Desk:
    """A command's way to the gateway and to its reader."""

    client: Client
    json: bool

    def call(self, method: str, *path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The decoded answer. Each part of the path may hold anything."""
        return self.client.call(method, "".join(f"/{quote(part, safe='')}" for part in path), body, query)

    def told(self, answer: Any) -> bool:
        """Print the answer if JSON is wanted; says whether it did."""
        if self.json:
            print_json(answer)
        return self.json


def desk(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="The gateway's data (AIHUB_DATA_DIR).")] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Administer the gateway there.")] = None,
    admin_key: Annotated[str | None, typer.Option(metavar="KEY", help="Its key (AIHUB_ADMIN_KEY).")] = None,
) -> Desk:
    """The options that all administering commands share; raises BadSetting."""
    settings = load(data_dir=data_dir and data_dir.expanduser())
    return Desk(Client(settings=settings, url=url, key=admin_key), json)


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is a Desk: the command takes the desk's options as well as its own."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _, *own = _parameters(function)
        shared = _parameters(desk)

        def run(**options: Any) -> None:
            at = desk(**{each.name: options.pop(each.name) for each in shared})
            function(at, **options)

        run.__doc__ = function.__doc__
        run.__annotations__ = {each.name: each.annotation for each in (*own, *shared)}
        run.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        app.command(name)(run)
        return function

    return register


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [
        each.replace(annotation=hints[each.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for each in inspect.signature(function).parameters.values()
    ]


def listed(text: str | None) -> list[str] | None:
    """`a,b` as a list; None when the option was not given."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}
