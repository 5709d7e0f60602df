"""What administering commands share: the options that say which gateway and whether to print JSON, and their call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import quote

import attrs
import typer
from typer.core import TyperCommand

from aihub_lite.cli.base.client import Client
from aihub_lite.cli.base.output import complain, print_json, warn_of_unknown_variables
from aihub_lite.config import load

UNITS = {"k": 1_000, "m": 1_000_000}
HUGE = 10_000
"""Rows of a list that are shown unless somebody wants more."""
Search = Annotated[str | None, typer.Option("--q", metavar="TEXT", help="Only rows in which the text is found.")]
OptionGroup = Callable[..., dict[str, Any]]
"""Options that belong together, as the parameters of a function that turns them into fields of a body: those given."""
NONE = "none"
"""The word for an option that takes back what was set before."""
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many rows.")]


@attrs.frozen
class AdminApi:
    """The admin API as commands use it: `json` says whether their answer is to be printed as it is."""

    client: Client
    json: bool

    def call(self, method: str, *path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """The decoded answer; parts of the path may hold any character. Raises as Client.call does."""
        return self.client.call(method, "".join(f"/{quote(part, safe='')}" for part in path), body, query)

    def rows(self, noun: str, q: str | None, limit: int | None, **query: str) -> list[Any]:
        """The rows of a list in which `q` is found, up to `limit`; says on stderr where a huge list is cut."""
        rows, more = self.client.rows(noun, without_none(q=q, **query), limit or HUGE)
        if more and limit is None:
            complain(f"only the first {HUGE} are shown: --q finds the others, --limit shows more")
        return rows

    def print_as_json(self, answer: Any) -> bool:
        """Print the answer if JSON is wanted; says whether it is."""
        if self.json:
            print_json(answer)
        return self.json


def admin_api(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="The gateway's data (AIHUB_DATA_DIR).")] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Administer the gateway there.")] = None,
    admin_key: Annotated[str | None, typer.Option(metavar="KEY", help="Its key (AIHUB_ADMIN_KEY).")] = None,
) -> AdminApi:
    """The options that all administering commands share; raises BadSetting."""
    settings = load(data_dir=data_dir and data_dir.expanduser())
    warn_of_unknown_variables()
    return AdminApi(Client(settings=settings, url=url, key=admin_key), json)


def command(
    app: typer.Typer, name: str, groups: Sequence[OptionGroup] = (), cls: type[TyperCommand] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function whose first parameter is an AdminApi: the command takes its options too.

    With groups it takes theirs as well, and the function's second parameter is what they come to: fields of a body.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _, *own = _parameters(function)
        if groups:
            own = own[1:]
        shared = _parameters(admin_api)
        grouped = [parameter for group in groups for parameter in _parameters(group)]

        def run(**options: Any) -> None:
            api = admin_api(**_taken(shared, options))
            if groups:
                function(api, _fields(groups, options), **options)
            else:
                function(api, **options)

        # typer reads these three of a command.
        run.__doc__ = function.__doc__
        parameters = [*own, *grouped, *shared]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        app.command(name, cls=cls)(run)
        return function

    return register


def _fields(groups: Sequence[OptionGroup], options: dict[str, Any]) -> dict[str, Any]:
    """What groups of options come to together; they are taken out of `options`."""
    fields: dict[str, Any] = {}
    for group in groups:
        fields.update(group(**_taken(_parameters(group), options)))
    return fields


def _taken(parameters: Iterable[inspect.Parameter], options: dict[str, Any]) -> dict[str, Any]:
    return {parameter.name: options.pop(parameter.name) for parameter in parameters}


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
    ]


Everything = Annotated[bool, typer.Option("--all", help="All of them.")]


def one_or_all(name: str | None, everything: bool, noun: str) -> str | None:
    """The name, or None for all of them; raises BadParameter for both, or neither."""
    if (name is None) != everything:
        raise typer.BadParameter(f"give {noun}, or --all")
    return name


def change(api: AdminApi, noun: str, done: str, method: str, *path: str) -> None:
    """Make a call that changes one token or channel, and print that it was `done`."""
    answer = api.call(method, *path)
    if not api.print_as_json(answer):
        print(f"{noun} {answer['name']} {done}.")


def change_each(api: AdminApi, noun: str, action: str, names: Sequence[str]) -> None:
    """`enable`, `disable` or `delete` tokens or channels; one that is refused is said, and fails the command."""
    word = noun.removesuffix("s").capitalize()
    done = f"{action}d"
    if len(names) == 1 and action == "delete":
        change(api, word, done, "DELETE", noun, names[0])
    elif len(names) == 1:
        change(api, word, done, "POST", noun, names[0], action)
    else:
        answer = api.call("POST", noun, "many", body={"refs": [*names], "do": action})
        if not api.print_as_json(answer):
            for row in answer["done"]:
                print(f"{word} {row['name']} {done}.")
        for row in answer["failed"]:
            complain(row["message"])
        if answer["failed"]:
            raise typer.Exit(1)


def split_list(text: str | None) -> list[str] | None:
    """`a,b` as a list; None for an option that was left out."""
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]


def tokens_of(option: str, text: str) -> int:
    """`128k` as a number; raises BadParameter."""
    unit = UNITS.get(text[-1:].lower())
    try:
        if unit is None:
            return int(text)
        return int(text[:-1]) * unit
    except ValueError:
        raise typer.BadParameter(f"{option}: {text[:64]!r} is no number") from None


def without_none(**options: Any) -> dict[str, Any]:
    """The options that were not left out."""
    return {name: value for name, value in options.items() if value is not None}


def or_none(**options: Any) -> dict[str, Any]:
    """The options that were not left out, for a body: `none` is null there, which puts a field back to its default."""
    return {name: None if value == NONE else value for name, value in without_none(**options).items()}


def number_or_none(text: str) -> int | str:
    """A whole number, or `none`; raises BadParameter."""
    if text == NONE:
        return text
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a whole number nor {NONE}") from None
