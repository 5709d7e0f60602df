"""Databases at a server of MySQL or MariaDB.

The driver is an extra: PyMySQL, which is pure Python. It asks for cryptography where a server lets somebody in by
`caching_sha2_password` without TLS.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.peer import Row, ServerPeer, first_line, options_in

SCHEMES = ("mysql", "mariadb")
DSN = re.compile(r"(?:(?P<user>[^@:/]*)(?::(?P<word>.*))?@)?(?P<way>tcp|unix)\((?P<at>[^()]*)\)/(?P<rest>.*)")
"""As programs in Go name a server: `root:word@tcp(127.0.0.1:3306)/oneapi?loc=Local`."""
EXTRA = "pip install 'aihub-lite[mysql]'"
WITH_SHA = "pip install 'aihub-lite[mysql,sealed]'"
TIMEOUT = 30
"""Seconds, to connect and for each answer."""
PORT = 3306
ONE_MOMENT = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


@attrs.frozen(kw_only=True)
class MysqlAddress:
    """Where a server is, and who asks."""

    user: str
    password: str = attrs.field(repr=False)
    host: str = "localhost"
    port: int = PORT
    socket: str = ""
    """A path; then host and port mean nothing."""
    database: str
    options: Mapping[str, str]

    @property
    def place(self) -> str:
        """For people to read."""
        return f"{self.socket or self.host}/{self.database}"


@attrs.frozen
class MysqlPeer(ServerPeer):
    """One of MySQL or MariaDB."""

    _zone: tzinfo
    quote = "`"

    def exact(self, column: str) -> str:
        """Its collations take `Key` for `key`, and spaces at the end for none."""
        return f"BINARY {self.quoted(column)}"

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Rows of a query, as they come: a log may be longer than memory is."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql.replace("%", "%%").replace("?", "%s"), tuple(parameters))
            for row in cursor:
                yield {name: self._value(value) for name, value in row.items()}

    def _value(self, value: Any) -> Any:
        """Moments have no zone there."""
        if isinstance(value, datetime):
            return value.replace(tzinfo=self._zone)
        return value


def is_address(text: str) -> bool:
    """Whether a text is the address of a MySQL database."""
    return text.partition("://")[0] in SCHEMES or DSN.fullmatch(text) is not None


@contextmanager
def opened_server(url: str) -> Iterator[MysqlPeer]:
    """The database at a server; raises Unreadable, also for whatever is wrong with it in the block."""
    try:
        import pymysql  # noqa: PLC0415  an extra
    except ImportError:
        raise Unreadable(f"reading MySQL needs one library more: {EXTRA}") from None
    address = address_of(url)
    zone = _zone(address.options.get("loc", "UTC"))
    try:
        connection = _connected(address)
    except RuntimeError:  # so it says that cryptography is missing
        raise Unreadable(f"{address.place} lets nobody in without one library more, or TLS: {WITH_SHA}") from None
    except (pymysql.MySQLError, OSError) as error:
        raise Unreadable(f"the database {address.place} cannot be reached: {_said(error)}") from None
    with closing(connection):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute(ONE_MOMENT)
            yield MysqlPeer(connection, _columns(connection), zone)
        except (pymysql.MySQLError, OSError) as error:
            raise Unreadable(f"the database {address.place} cannot be read: {_said(error)}") from None


def _connected(address: MysqlAddress) -> Any:
    import pymysql  # noqa: PLC0415
    import pymysql.cursors  # noqa: PLC0415

    return pymysql.connect(
        user=address.user,
        password=address.password,
        host=address.host,
        port=address.port,
        unix_socket=address.socket or None,
        database=address.database,
        charset="utf8mb4",
        connect_timeout=TIMEOUT,
        read_timeout=TIMEOUT,
        write_timeout=TIMEOUT,
        ssl=_security(address.options),
        ssl_disabled=_security(address.options) is None,
        cursorclass=pymysql.cursors.SSDictCursor,
    )


def _columns(connection: Any) -> dict[str, list[str]]:
    """The columns of all tables that are there."""
    columns: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name AS found, column_name AS name FROM information_schema.columns"
            " WHERE table_schema = database() ORDER BY table_name, ordinal_position"
        )
        for row in cursor:
            columns.setdefault(row["found"], []).append(row["name"])
    return columns


def address_of(text: str) -> MysqlAddress:
    """What an address says, in either form; raises Unreadable."""
    if match := DSN.fullmatch(text):
        return _of_dsn(match)
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
    except ValueError:
        raise Unreadable("the database's address is not a URL like mysql://USER@HOST/NAME") from None
    return _address(parts, port)


def _address(parts: SplitResult, port: int) -> MysqlAddress:
    options = options_in(parts.query)
    return MysqlAddress(
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        host=parts.hostname or "localhost",
        port=port,
        socket=options.get("socket", ""),
        database=unquote(parts.path.strip("/")),
        options=options,
    )


def _of_dsn(match: re.Match[str]) -> MysqlAddress:
    host, port, socket = match["at"], str(PORT), ""
    if match["way"] == "unix":
        host, socket = "localhost", match["at"]
    elif ":" in host:
        host, _, port = host.rpartition(":")
    if not port.isdecimal():
        raise Unreadable("the database's address is not one like USER:PASSWORD@tcp(HOST:PORT)/NAME")
    name, _, query = match["rest"].partition("?")
    return MysqlAddress(
        user=match["user"] or "root",
        password=match["word"] or "",
        host=host.strip("[]") or "localhost",
        port=int(port),
        socket=socket,
        database=name,
        options=options_in(query),
    )


def _security(options: Mapping[str, str]) -> ssl.SSLContext | None:
    """As `ssl-mode` of MySQL's own programs, or `tls` of Go's; without one a server on one's own network is asked in
    the clear."""
    mode = (options.get("ssl-mode") or options.get("tls") or "").lower()
    if mode in ("", "false", "disabled", "preferred"):
        return None
    context = ssl.create_default_context()
    if mode in ("required", "skip-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _zone(name: str) -> tzinfo:
    """In which that program wrote its moments: `loc`, as it has it in its own address."""
    if name == "UTC":
        return UTC
    if name == "Local":
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Unreadable(f"loc={name[:40]!r} in the database's address is no time zone") from None


def _said(error: Exception) -> str:
    return first_line(error.args[-1] if error.args else "", error)
