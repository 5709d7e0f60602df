"""What ran at the provider for a response: by its own count, else by the items that it holds."""

from __future__ import annotations

import attrs

from aihub_lite.domain.hosted import Hosted, hosted_of
from aihub_lite.wire.hosted import calls
from aihub_lite.wire.json_types import JsonView, dict_at, dicts_in, text_at

SEARCHES = frozenset({"web_search_call", "x_search_call"})
FAILED = frozenset({"failed", "incomplete"})
"""What an item says of itself that came to nothing. Azure's say `searching` to the end."""
LOOKS = frozenset({"open_page", "find_in_page", "find"})
"""Actions of a search tool that are no search, and not billed as one (openai-python, `ToolUsage`)."""
CONTAINERS = frozenset({"code_interpreter_call", "shell_call"})


def hosted_in(response: JsonView) -> Hosted | None:
    """Of a whole response. OpenAI says in `tool_usage` how many searches it bills; some of them may cost nothing."""
    items = Ran()
    for item in dicts_in(response.get("output")):
        items.add(item)
    ran = items.hosted()
    billed = dict_at(dict_at(response, "tool_usage"), "web_search").get("num_requests")
    if type(billed) is not int:
        return ran
    counts = ran.counts() if ran is not None else {}
    return hosted_of({**counts, "web_search": calls(billed)})


@attrs.define
class Ran:
    """What the items of an answer show, taken one by one; those that came to nothing are not counted."""

    web_searches: int = 0
    file_searches: int = 0
    containers: set[str] = attrs.field(factory=set)
    """Each is billed once, whatever runs in it."""

    def add(self, item: JsonView) -> None:
        kind = text_at(item, "type")
        if text_at(item, "status") in FAILED:
            return
        if kind in SEARCHES and text_at(dict_at(item, "action"), "type") not in LOOKS:
            self.web_searches += 1
        elif kind == "file_search_call":
            self.file_searches += 1
        elif kind in CONTAINERS and (container := _container(item)):
            self.containers.add(container)

    def hosted(self) -> Hosted | None:
        """None where nothing ran."""
        counts = {"web_search": self.web_searches, "file_search": self.file_searches}
        return hosted_of({**counts, "code_session": len(self.containers)})


def _container(item: JsonView) -> str:
    """The id of the one that code ran in; empty for a shell of the client's. xAI names none: a response has one."""
    named = text_at(item, "container_id") or text_at(dict_at(item, "environment"), "container_id")
    if not named and item.get("type") == "code_interpreter_call":
        return "one"
    return named
