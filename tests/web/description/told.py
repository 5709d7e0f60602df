"""How a description tells what there is: a call by what it does, and nothing in the words of the source code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aihub_lite import errors
from aihub_lite.web.views import Json

VERBS = frozenset(
    (
        *(
            "Add",
            "Adopt",
            "Apply",
            "Ask",
            "Change",
            "Create",
            "Delete",
            "Disable",
            "Download",
            "Enable",
            "End",
            "Explain",
        ),
        *("Export", "Give", "Import", "Invite", "List", "Look", "Make", "Pause", "Put", "Read", "Refuse", "Remove"),
        *("Rename", "Replace", "Resume", "Rotate", "Save", "Send", "Set", "Show", "Sign", "Stop", "Test", "Try"),
    )
)
"""What a call may do: its summary is read in a list, where nothing around it says what that is."""
RAISED = "|".join(name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception))
PYTHON = re.compile(rf"\bNone\b|\b[Rr]aises\b|\b[a-z_]+(\.[a-z_]+)*\.[A-Z]\w+|`(aihub_lite|domain)\.|\b({RAISED})\b")


def without_a_verb(document: Json) -> list[str]:
    """Calls whose summary does not say first what they do."""
    return [
        f"{method.upper()} {path}: {operation['summary']}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation["summary"].split(maxsplit=1)[0].rstrip(",") not in VERBS
    ]


def in_python(told: Any) -> Iterator[str]:
    """Summaries and descriptions with what only the source code's readers know."""
    if isinstance(told, list):
        for each in told:
            yield from in_python(each)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name in ("description", "summary") and isinstance(value, str):
                if PYTHON.search(value):
                    yield value
            else:
                yield from in_python(value)
