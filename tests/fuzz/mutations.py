"""Documents that are nearly right: a good one with a few values of other kinds, left out, added, or put elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
ODD: Sequence[Any] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**20, 1e20, 1e308, 0.5, -0.0),
    *("", " ", "x", "\x00", "é\n", "💥", "null", "{}", "[]", '{"a":1}', "NaN", "1", "x" * 300, "2027-01-31", "30d"),
    *([], {}, [[]], [{}], [None], [""], [0], {"": None}, {"type": []}, {"type": {}}, {"type": None}),
    *([{"type": []}], [{"type": "text"}], {"a": {"b": []}}, [[[[]]]], {"name": 1}, {"$ref": "#"}, {"index": []}),
)
"""Values that a field is seldom made for, alone or where another kind is expected."""
HARSH: Sequence[Any] = ([], {}, [{}], "x", None)
"""What cannot be looked up in a set of words, or holds nothing."""
KINDS = (0, 0, 0, 1, 2, 3)
"""What is done to a place, most often another value put there."""
MOST_CHANGES = 3


def paths_in(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where something stands in a document, the document itself first."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths_in(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from paths_in(inner, (*path, position))


def value_at(document: Any, path: Path) -> Any:
    """What stands there."""
    for step in path:
        document = document[step]
    return document


class Mutations:
    """Strategies over good documents, whose parts and field names are mixed with one another."""

    def __init__(self, *documents: Any) -> None:
        self.documents = documents
        parts = [value_at(document, path) for document in documents for path in paths_in(document)]
        self.values = st.sampled_from(HARSH) | st.sampled_from(ODD) | st.sampled_from(parts)
        self.names = st.sampled_from(sorted({name for part in parts if isinstance(part, dict) for name in part}))

    def of(self, *documents: Any) -> st.SearchStrategy[Any]:
        """One of these, changed in one to three places."""
        return st.builds(
            self._changed,
            st.sampled_from([*documents]),
            st.lists(
                st.tuples(st.integers(0, 2**16), st.sampled_from(KINDS), self.values, self.names), max_size=MOST_CHANGES
            ),
        )

    def any(self) -> st.SearchStrategy[Any]:
        """The same of any of them."""
        return self.of(*self.documents)

    def _changed(self, document: Any, changes: list[tuple[int, int, Any, str]]) -> Any:
        holder = {"": copy.deepcopy(document)}
        for where, kind, value, name in changes:
            paths = [path for path in paths_in(holder) if path]
            _change(holder, paths[where % len(paths)], kind, copy.deepcopy(value), name)
        return holder.get("", document)


def _change(holder: Any, path: Path, kind: int, value: Any, name: str) -> None:
    outer = value_at(holder, path[:-1])
    step = path[-1]
    inner = outer[step]
    if kind == 1 and len(path) > 1:
        del outer[step]
    elif kind == 2 and isinstance(inner, dict):
        inner[name] = value
    elif kind == 2 and isinstance(inner, list):
        inner.append(value)
    elif kind == 3 and isinstance(outer, list):
        outer.append(copy.deepcopy(inner))
    elif kind == 3 and isinstance(outer, dict) and len(path) > 1:
        outer[name] = outer.pop(step)
    else:
        outer[step] = value
