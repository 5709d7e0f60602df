"""The schema takes what `apply` takes, and finds in an editor what it would refuse for its form."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from aihub_lite.web.configuration.schema import document_schema
from tests.web.admin.desk import Desk, at_desk
from tests.web.configuration.rich import ENVIRON, make_rich
from tests.web.configuration.test_round_trip import EXAMPLE, exported
from tests.web.configuration.test_wrong_files import WRONG

OF_FORM = (
    *("no section", "no field", "no setting", "no field of a key", "no rate", "a wrong type", "a wrong type inside"),
    *("no table", "no table of a name", "an alias that is no text", "no provider", "a strategy", "no origin"),
)


def faults(text: str) -> list[str]:
    """What the schema says of a file."""
    document: Any = tomllib.loads(text)
    return [error.message for error in Draft202012Validator(document_schema()).iter_errors(document)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(document_schema())


def test_the_example_is_as_the_schema_has_it() -> None:
    assert [] == faults(EXAMPLE.read_text())


def test_what_is_exported_is_as_the_schema_has_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await make_rich(desk, typed=True)
        assert [] == faults(await exported(desk))

    at_desk(tmp_path, story, ENVIRON)


@pytest.mark.parametrize("name", OF_FORM)
def test_what_is_wrong_in_form_is_found_by_the_schema(name: str) -> None:
    assert [] != faults(WRONG[name][0])
