"""All that a LiteLLM proxy is made of, read and opened: its configuration, and its database where it has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.litellm.deployments import Deployment
from aihub_lite.moving.litellm.dump import is_dump, read_dump
from aihub_lite.moving.litellm.kinds import ENV
from aihub_lite.moving.litellm.log import newest_calls
from aihub_lite.moving.litellm.people import BUDGETS, KEYS, TEAMS, USERS
from aihub_lite.moving.litellm.values import dict_of, list_of, mapping_in, text_in, truth_in
from aihub_lite.moving.litellm.yaml_file import read_yaml
from aihub_lite.moving.move import MOST_CALLS, Remark, Unreadable
from aihub_lite.moving.newest import NewestRows
from aihub_lite.moving.postgres import Row, Tables, is_address, read_server
from aihub_lite.moving.sealed import LitellmBox, NotOpened

MODELS = "LiteLLM_ProxyModelTable"
SETTINGS = "LiteLLM_Config"
TABLES = frozenset({BUDGETS, KEYS, MODELS, SETTINGS, TEAMS, USERS})
SALT_VARIABLE = "LITELLM_SALT_KEY"
MASTER_VARIABLE = "LITELLM_MASTER_KEY"


@attrs.frozen(kw_only=True)
class LitellmSource:
    """What was read."""

    config: Mapping[str, Any] = attrs.field(repr=False)
    tables: Tables = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    """What its values are encrypted with; empty where nobody said."""
    master_key: str = attrs.field(repr=False)
    """Empty where there is none, or where it is in a variable that is not set here."""
    log: NewestRows = attrs.field(factory=newest_calls)
    left: tuple[Remark, ...] = ()

    @property
    def routing(self) -> Mapping[str, Any]:
        """Settings of its router: those of the file, then those that were saved in the database."""
        routing: dict[str, Any] = {**_part(self.config, "litellm_settings"), **_part(self.config, "router_settings")}
        for row in self.tables.get(SETTINGS, []):
            if row.get("param_name") in ("litellm_settings", "router_settings"):
                routing |= {name: value for name, value in mapping_in(row, "param_value").items() if value}
        return routing

    def deployments(self) -> Iterator[Deployment]:
        """Those of the file, then those of the database. Raises Unreadable where the key does not open them."""
        for number, entry in enumerate(list_of(self.config.get("model_list"))):
            if isinstance(entry, dict):
                yield self._configured(number, entry)
        for row in self.tables.get(MODELS, []):
            yield self._stored(row)

    def _configured(self, number: int, entry: Mapping[str, Any]) -> Deployment:
        info = _part(entry, "model_info")
        params = _part(entry, "litellm_params")
        name = text_in(entry, "model_name")
        source = text_in(info, "id") or f"model_list {number}: {name}"
        return Deployment(source=source, model_name=name, params=params, info=info)

    def _stored(self, row: Row) -> Deployment:
        name = row.get("model_name") or ""
        try:
            sealed = mapping_in(row, "litellm_params")
            info = mapping_in(row, "model_info")
        except InvalidRequest as error:
            raise Unreadable(f"model {name} of the database: {error.message}") from None
        params = {key: self._opened(name, key, value) for key, value in sealed.items()}
        return Deployment(
            source=row.get("model_id") or name,
            model_name=name,
            params=params,
            info=info,
            blocked=truth_in(row, "blocked"),
        )

    def _opened(self, model: str, key: str, value: Any) -> Any:
        """A value in plain text: texts are encrypted, and numbers, which were read as texts, are not."""
        if not isinstance(value, str) or _is_number(value):
            return value
        if not self.secret:
            raise Unreadable(
                f"models of the database are encrypted: give --salt-key, LiteLLM's {SALT_VARIABLE} or its master key"
            )
        try:
            return LitellmBox(self.secret).open(value)
        except NotOpened:
            raise Unreadable(
                f"the salt key is another one: it does not open {key} of model {model}. Nothing was changed"
            ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _part(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A mapping within a mapping; empty where there is none."""
    return dict_of(values.get(name))


def read_litellm(
    source: str, database: str, salt_key: str, environ: Mapping[str, str], most_calls: int = MOST_CALLS
) -> LitellmSource:
    """Read a configuration, a dump or a server, and a database beside it; `database` and `salt_key` may be empty.

    Raises Unreadable in one sentence.
    """
    if not is_address(source):
        source = str(Path(source).expanduser())
    config: Mapping[str, Any] = {}
    if is_address(source) or (source and is_dump(Path(source))):
        if database:
            raise Unreadable("--database goes with a config.yaml")
        database = source
    else:
        config = read_yaml(Path(source))
        if not config.keys() & {"model_list", "general_settings", "litellm_settings", "router_settings"}:
            raise Unreadable(f"{source}: is no configuration of LiteLLM's: it has no model_list")
    tables: Tables = {}
    log = newest_calls(most_calls)
    if database:
        tables = read_server(database, TABLES, log) if is_address(database) else read_dump(Path(database), TABLES, log)
        if not tables.keys() & {KEYS, MODELS}:
            raise Unreadable(f"{shown_place(database)}: is no database of LiteLLM's: it has no table {KEYS}")
    left: list[Remark] = []
    master_key = _master_key(config, environ, left)
    secret = salt_key or environ.get(SALT_VARIABLE, "") or master_key or environ.get(MASTER_VARIABLE, "")
    return LitellmSource(config=config, tables=tables, secret=secret, master_key=master_key, log=log, left=tuple(left))


def shown_place(database: str) -> str:
    """A file's name, or an address without what is in it of secrets."""
    if is_address(database):
        return database.rpartition("@")[2].partition("?")[0]
    return database


def _master_key(config: Mapping[str, Any], environ: Mapping[str, str], left: list[Remark]) -> str:
    key = text_in(_part(config, "general_settings"), "master_key")
    if not key.startswith(ENV):
        return key
    name = key.removeprefix(ENV)
    if value := environ.get(name, ""):
        return value
    why = f"is in {name}, which is not set here: set it and import again, and clients with that key go on working"
    left.append(Remark(noun="token", source="master key", name="master key", notes=(why,)))
    return ""
