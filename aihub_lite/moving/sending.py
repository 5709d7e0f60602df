"""What a channel of new-api sends beside what its clients do, as overrides of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from aihub_lite.domain.overrides import Header, Overrides, Param, Secret, check_overrides
from aihub_lite.errors import InvalidRequest
from aihub_lite.moving.peer import Row, json_object


def sending_of(row: Row, setting: Mapping[str, Any], notes: list[str]) -> Overrides | None:
    """Headers, parameters and prompt; `notes` takes what cannot be sent here. None where nothing is left."""
    sending = _Sending(notes)
    sending.headers(row)
    sending.params(json_object(row["param_override"]))
    sending.prompt(setting)
    if json_object(row.get("settings")).get("azure_responses_version"):
        notes.append("a version of its own for Responses cannot be set here")
    if sending.overrides == Overrides():
        return None
    return sending.overrides


@attrs.define
class _Sending:
    notes: list[str]
    overrides: Overrides = Overrides()

    def add(self, what: str, **fields: Any) -> None:
        """One more entry, unless a check refuses it."""
        changed: Any = fields
        if "system_prefix" not in fields:
            changed = {name: (*getattr(self.overrides, name), value) for name, value in fields.items()}
        with_it = attrs.evolve(self.overrides, **changed)
        try:
            check_overrides(with_it)
        except InvalidRequest as error:
            self.notes.append(f"{what} stays behind: {error.message}")
        else:
            self.overrides = with_it

    def headers(self, row: Row) -> None:
        """Of these, some hold what is known only at a call."""
        named = dict(json_object(row.get("header_override")))
        organization = row.get("open_ai_organization") or row.get("openai_organization")
        if organization:
            named["openai-organization"] = organization
        for name, value in named.items():
            if "{" in str(value) or "*" in name:
                self.notes.append(f"header {name} stays behind: what it holds is known only at a call")
                continue
            self.add(f"header {name}", headers=Header(name.strip().lower(), Secret(str(value))))

    def params(self, override: Mapping[str, Any]) -> None:
        """Fields that are set, and operations on fields."""
        operations = override.get("operations")
        for name, value in override.items():
            if name != "operations" or not isinstance(value, list):
                self.add(f"parameter {name}", set_params=Param(name, _json(value)))
        for operation in operations if isinstance(operations, list) else ():
            self.operation(operation)

    def operation(self, operation: Any) -> None:
        """Those without conditions that set a field, or leave it out."""
        if not isinstance(operation, dict):
            return
        path, mode = str(operation.get("path") or ""), operation.get("mode")
        what = f"operation {mode} on {path or 'a field'}"
        if operation.get("conditions") or mode not in ("set", "delete"):
            self.notes.append(f"{what} stays behind: it has no counterpart here")
        elif mode == "delete":
            self.add(what, drop_params=path)
        elif operation.get("keep_origin"):
            self.add(what, default_params=Param(path, _json(operation.get("value"))))
        else:
            self.add(what, set_params=Param(path, _json(operation.get("value"))))

    def prompt(self, setting: Mapping[str, Any]) -> None:
        """Its system prompt, which only some clients' conversations get there."""
        prompt = str(setting.get("system_prompt") or "").strip()
        if not prompt:
            return
        self.add("its system prompt", system_prefix=prompt)
        if not setting.get("system_prompt_override"):
            self.notes.append("its system prompt was for conversations without one there: here it stands before any")


def _json(value: Any) -> str:
    return json.dumps(value, default=_number)


def _number(value: object) -> float:
    """Numbers were read exactly."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError
