"""A configuration in YAML as plain values, in bounded time and memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from aihub_lite.moving.move import Unreadable

LARGEST = 2 * 1024 * 1024
"""Bytes of a file; the longest configurations that people show are a twentieth of it."""
MOST_VALUES = 200_000
"""Values of a file with all that its anchors stand for written out: ten lines can stand for billions."""
KEPT_TAGS = frozenset({"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"})
"""Scalars that are no texts here. Numbers stay as they are written, so that money is never a float."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # without stubs it is of any type
    """Makes texts, truth values, lists and mappings, nothing else, of documents that do not grow beyond bounds."""

    yaml_implicit_resolvers = {  # noqa: RUF012  the library's own way
        first: [(tag, pattern) for tag, pattern in resolvers if tag in KEPT_TAGS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None and _written_out(node, {}) > MOST_VALUES:
            raise yaml.YAMLError(f"it stands for more than {MOST_VALUES:,} values")
        return node


def _written_out(node: Any, known: dict[int, int]) -> int:
    """How many values a node has with every anchor written out; raises YAMLError for one that is within itself."""
    if id(node) in known:
        if not known[id(node)]:
            raise yaml.YAMLError("an anchor stands within itself")
        return known[id(node)]
    known[id(node)] = 0
    inner: list[Any] = []
    if isinstance(node, yaml.SequenceNode):
        inner = list(node.value)
    elif isinstance(node, yaml.MappingNode):
        inner = [each for pair in node.value for each in pair]
    known[id(node)] = size = 1 + sum(_written_out(each, known) for each in inner)
    return size


def read_yaml(file: Path) -> Mapping[str, Any]:
    """The mapping that a file holds: of texts (numbers too), truth values, None, lists and mappings.

    Raises Unreadable in one sentence.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror or error}") from None
    if len(text) > LARGEST:
        raise Unreadable(f"{file}: is longer than {LARGEST // 1024 // 1024} MB, as no configuration is")
    return parsed(text, str(file))


def parsed(text: bytes, name: str) -> Mapping[str, Any]:
    """As `read_yaml`, of a text that goes by a name."""
    try:
        values = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader that makes less
    except yaml.MarkedYAMLError as error:
        where = ""
        if error.problem_mark is not None:
            where = f", line {error.problem_mark.line + 1}"
        raise Unreadable(f"{name}{where}: is not YAML that can be read: {error.problem or error}") from None
    except yaml.reader.ReaderError:
        raise Unreadable(f"{name}: is not YAML: it has bytes in it that no text has") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"{name}: is not YAML that can be read: {error}") from None
    except RecursionError:
        raise Unreadable(f"{name}: its values are nested too deeply") from None
    if not isinstance(values, dict):
        raise Unreadable(f"{name}: holds no settings by name, as a config.yaml does")
    return values
