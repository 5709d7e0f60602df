"""One call of the admin API, and how it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs
import msgspec

PAGE = 100
"""Rows of a list that the admin API gives at once, at most."""
T = TypeVar("T")
R = TypeVar("R")


class Failed(Exception):
    """A call that did not succeed; `status` is 0 where there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@attrs.frozen
class ApiCall:
    """One request to the admin API; `path` begins after `/api/admin`."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def target(self) -> str:
        """The whole path on the server."""
        return "/api/admin" + self.path

    @property
    def content(self) -> bytes | None:
        """The body as JSON, if there is one."""
        if self.body is None:
            return None
        return msgspec.json.encode(self.body)


Calls = Generator[ApiCall, Any, T]
"""Calls that follow from the answers before them, which are sent in decoded; returns what they come to."""


def next_call(calls: Calls[Any], answer: Any) -> ApiCall:
    """The call that follows from an answer, or from a refusal, which the calls may take or let pass.

    Raises Failed for one that they let pass, and StopIteration with what they come to.
    """
    if isinstance(answer, Failed):
        return calls.throw(answer)
    return calls.send(answer)


def outcome_of(decode: Callable[[R], Any], response: R) -> Any:
    """The decoded answer, or the refusal as a Failed."""
    try:
        return decode(response)
    except Failed as refusal:
        return refusal


def one_call(request: ApiCall) -> Calls[Any]:
    """A single call and its answer."""
    return (yield request)


def rows_of(noun: str, query: Mapping[str, str], most: int) -> Calls[tuple[list[Any], bool]]:
    """The rows of a list, page after page, up to `most` of them, and whether there are more."""
    rows: list[Any] = []
    asked = dict(query)
    while True:
        asked["limit"] = str(min(PAGE, most - len(rows)))
        page = yield ApiCall("GET", f"/{noun}", None, asked)
        rows += page[noun]
        if not page["more"] or len(rows) >= most:
            return rows, page["more"]
        asked["after"] = page["after"]


def write_private(file: Path, pieces: Iterable[bytes]) -> int:
    """Write a new file that only its owner can read, whole or not at all, and return its size.

    Raises Failed where there is a file of that name, or no directory for it.
    """
    if not file.parent.is_dir():
        raise Failed(f"there is no directory {file.parent}")
    if file.exists():
        raise Failed(f"{file} is there already")
    # Written under another name: a file of the name itself is always whole.
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as target:
            for piece in pieces:
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size
