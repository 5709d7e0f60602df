"""Refusals name what the client sent, on whatever surface."""

from __future__ import annotations

import pytest

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic.surface import errors as messages
from aihub_lite.wire.field_names import FieldNames, renamed
from aihub_lite.wire.responses import errors as responses


@pytest.mark.parametrize(
    ("names", "of_chat", "of_surface"),
    [
        (
            responses.FIELD_NAMES,
            "'messages[0].content[1].file' must hold 'file_data'.",
            "'input' must hold 'file_data'.",
        ),
        (responses.FIELD_NAMES, "'tools[2].function.parameters' must be …", "'tools[2].parameters' must be …"),
        (responses.FIELD_NAMES, "'response_format.json_schema.schema' holds …", "'text.format' holds …"),
        (responses.FIELD_NAMES, "'max_tokens' must be …", "'max_output_tokens' must be …"),
        (responses.FIELD_NAMES, "'reasoning_effort' must be …", "'reasoning.effort' must be …"),
        (messages.FIELD_NAMES, "'messages[3].content[1]' has a type …", "'messages' has a type …"),
        (messages.FIELD_NAMES, "'tools[2].parameters' must be …", "'tools[2].input_schema' must be …"),
        (messages.FIELD_NAMES, "'stop' must hold …", "'stop_sequences' must hold …"),
        (messages.FIELD_NAMES, "'tool_choice' cannot …", "'tool_choice' cannot …"),
    ],
)
def test_a_refusal_names_fields_of_the_surface(names: FieldNames, of_chat: str, of_surface: str) -> None:
    """A client of Responses that had sent `input` was told of `messages[0].content[1].file`."""
    assert of_surface == renamed(InvalidRequest(of_chat), names).message
