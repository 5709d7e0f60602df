"""What a request becomes in another format: the shape that every translator builds and returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, text_at

SPEAKERS = frozenset({"user", "assistant", "system", "developer"})
"""Roles whose `name` tells speakers of one role apart; that of a function's result is its function's."""
DESCRIPTION = "response_format.json_schema.description"


def _sorted_names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names))) if names else ()


# A request makes several of these, and attrs' converters on setting would cost more than most steps do.
@attrs.define(on_setattr=attrs.setters.NO_OP)
class Translation:
    """A request in another format, or what one step of its translator makes.

    A step takes what it reads and returns a Translation of the fields it makes; the translator adds the steps in order,
    so none of them changes what another has made:

        translation = Translation({"model": model})
        translation.add(sampling(request.body))
        return translation
    """

    body: JsonObject = attrs.field(factory=dict)
    """The fields in the other format."""
    dropped: tuple[str, ...] = attrs.field(default=(), converter=_sorted_names)
    """The client's fields that the other format has no word for, as `x-aihub-dropped-params` names them: sorted, each
    once."""
    tool_names: Mapping[str, str] = attrs.field(factory=dict)
    """The client's names of tools by their names in the other format, of those only that had to be changed."""
    parameter_names: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    """The same of their parameters, by a tool's name in the other format."""

    def drop(self, *names: str) -> None:
        """Name fields that are left out."""
        if names:
            self.dropped = _sorted_names((*self.dropped, *names))

    def add(self, step: Translation) -> None:
        """Take over what a step made. A field that is there already keeps its place in the body, not its value."""
        self.body |= step.body
        self.drop(*step.dropped)
        if step.tool_names:
            self.tool_names = {**self.tool_names, **step.tool_names}


def check_strict(dropped: Collection[str], *, strict: bool) -> None:
    """Raises InvalidRequest, when `strict`, for fields that would be left out."""
    if strict and dropped:
        raise InvalidRequest(f"This model has no equivalent of: {', '.join(sorted(set(dropped)))}.")


def answer_schema(holder: JsonView) -> JsonObject | None:
    """The schema in a `json_schema`, with the description that stands beside it; None where there is none.

    A schema that is a mere `$ref` takes nothing beside it.
    """
    schema = holder.get("schema")
    if not isinstance(schema, dict):
        return None
    texts = [text for text in (text_at(holder, "description"), text_at(schema, "description")) if text]
    if "$ref" in schema or not texts:
        return schema
    return {**schema, "description": "\n\n".join(texts)}


def unsaid(body: JsonView) -> list[str]:
    """The names of fields of a chat request that are left out."""
    names = []
    if any(message.get("name") and message["role"] in SPEAKERS for message in body["messages"]):
        names.append("messages.name")
    holder = dict_at(dict_at(body, "response_format"), "json_schema")
    if text_at(holder, "description") and "$ref" in dict_at(holder, "schema"):
        names.append(DESCRIPTION)
    return names
