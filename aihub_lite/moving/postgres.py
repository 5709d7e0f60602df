"""Databases at a PostgreSQL server: rows as they are, or as texts in PostgreSQL's own form.

The driver is an extra: pg8000, which is pure Python and brings scramp and asn1crypto.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import attrs

from aihub_lite.moving import peer
from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.newest import NewestRows, amount_of

SCHEMES = ("postgres", "postgresql")
EXTRA = "pip install 'aihub-lite[postgres]'"
TIMEOUT = 30
"""Seconds, to connect and for each answer."""
MOST_ROWS = 500_000
"""Of all tables that are read as texts: they are held in memory."""
AT_ONCE = 2000
"""Rows that are fetched at a time where they are read one after the other."""
JSON, JSONB = 114, 3802
"""PostgreSQL's numbers of these types: they stay texts."""

Row = Mapping[str, str | None]
"""A row's columns as texts; None for NULL."""
Tables = dict[str, list[Row]]


ONE_MOMENT = "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


def is_address(text: str) -> bool:
    """Whether a text is the URL of a PostgreSQL database."""
    return text.partition("://")[0] in SCHEMES


def read_server(url: str, wanted: frozenset[str], log: NewestRows | None = None) -> Tables:
    """The rows of those tables that are there, at one moment, and the newest of a log. Raises Unreadable in one
    sentence without secrets."""
    with _connected(url) as connection:
        connection.run(ONE_MOMENT)
        found = _columns(connection)
        if log is not None and log.table in found:
            _read_log(connection, found[log.table], log)
        columns = {table: names for table, names in found.items() if table in wanted}
        tables: Tables = {}
        rows = 0
        for table, names in columns.items():
            texts = ", ".join(f"{peer.quoted(name)}::text" for name in names)
            values = connection.run(f"SELECT {texts} FROM {peer.quoted(table)} LIMIT {MOST_ROWS + 1}")  # noqa: S608
            rows += len(values)
            if rows > MOST_ROWS:
                raise Unreadable(f"its tables have more than {MOST_ROWS:,} rows")
            tables[table] = [dict(zip(names, row, strict=True)) for row in values]
        return tables


def _read_log(connection: Any, found: Sequence[str], log: NewestRows) -> None:
    names = [name for name in log.columns if name in found]
    table, order = peer.quoted(log.table), peer.quoted(log.order)
    totals = f"SELECT count(*)::text AS rows, sum({peer.quoted(log.amount)})::text AS amount FROM {table}"  # noqa: S608
    ((rows, amount),) = connection.run(totals)
    texts = ", ".join(f"{peer.quoted(name)}::text AS {peer.quoted(name)}" for name in names)
    newest = f"SELECT {texts} FROM {table} ORDER BY {table}.{order} DESC LIMIT {log.most}"  # noqa: S608
    taken, taken_amount = 0, Decimal(0)
    for row in PostgresPeer(connection, {}).query(newest):
        log.take(row)
        taken += 1
        taken_amount += amount_of(row[log.amount])
    if int(rows) > taken:
        log.leave(int(rows) - taken, max(amount_of(amount) - taken_amount, Decimal(0)))


def _columns(connection: Any) -> dict[str, list[str]]:
    """The columns of all tables that are there."""
    columns: dict[str, list[str]] = {}
    found = connection.run(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = ANY (current_schemas(false)) ORDER BY table_name, ordinal_position"
    )
    for table, column in found:
        columns.setdefault(table, []).append(column)
    return columns


@attrs.frozen
class PostgresPeer(peer.ServerPeer):
    """One of PostgreSQL."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[peer.Row]:
        """Rows of a query, some at a time: a log may be longer than memory is."""
        names = [f"p{number}" for number in range(len(parameters))]
        for name in names:
            sql = sql.replace("?", f":{name}", 1)
        self._connection.run(f"DECLARE log NO SCROLL CURSOR FOR {sql}", **dict(zip(names, parameters, strict=True)))
        try:
            while rows := self._connection.run(f"FETCH {AT_ONCE} FROM log"):
                columns = [column["name"] for column in self._connection.columns]
                for row in rows:
                    yield dict(zip(columns, row, strict=True))
        finally:
            self._connection.run("CLOSE log")


@contextmanager
def opened_server(url: str) -> Iterator[PostgresPeer]:
    """The database at a server; raises Unreadable, also for whatever is wrong with it in the block."""
    with _connected(url) as connection:
        for kind in (JSON, JSONB):
            connection.register_in_adapter(kind, str)
        connection.run(ONE_MOMENT)
        yield PostgresPeer(connection, _columns(connection))


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    try:
        import pg8000.exceptions  # noqa: PLC0415  an extra
        import pg8000.native  # noqa: PLC0415
    except ImportError:
        raise Unreadable(f"reading PostgreSQL needs one library more: {EXTRA}") from None
    parts, options = _taken_apart(url)
    place = f"{parts.hostname or 'localhost'}/{parts.path.strip('/')}"
    try:
        connection = pg8000.native.Connection(
            unquote(parts.username or "postgres"),
            host=parts.hostname or "localhost",
            port=parts.port or 5432,
            database=unquote(parts.path.strip("/")) or None,
            password=unquote(parts.password) if parts.password else None,
            ssl_context=_security(options.get("sslmode", "")),
            timeout=TIMEOUT,
        )
    except (pg8000.exceptions.Error, OSError) as error:
        raise Unreadable(f"the database {place} cannot be reached: {_said(error)}") from None
    try:
        if schema := options.get("schema"):
            connection.run("SELECT set_config('search_path', :schema, false)", schema=peer.quoted(schema))
        yield connection
    except (pg8000.exceptions.Error, OSError) as error:
        raise Unreadable(f"the database {place} cannot be read: {_said(error)}") from None
    finally:
        connection.close()


def _taken_apart(url: str) -> tuple[SplitResult, dict[str, str]]:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Unreadable("the database's address is not a URL like postgresql://USER@HOST/NAME") from None
    return parts, peer.options_in(parts.query)


def _security(mode: str) -> ssl.SSLContext | None:
    """As libpq's `sslmode`; without one a server on one's own network is asked in the clear."""
    if mode in ("", "disable", "allow", "prefer"):
        return None
    context = ssl.create_default_context()
    if not mode.startswith("verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _said(error: Exception) -> str:
    told: object = next(iter(error.args), "")
    if isinstance(told, dict):
        told = told.get("M", "")
    return peer.first_line(told, error)
