"""Tools that a provider runs itself: how often at most, as a request says, and how often, as the usage of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from aihub_lite.domain.hosted import Hosted, hosted_of
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at

USUAL = 5
"""Calls that are expected of a tool which is offered without a limit: nobody says beforehand how many there will be."""
MOST = 25
"""The most that is expected, whatever a request allows."""
KINDS: Mapping[str, str] = {
    "web_search": "web_search",
    "x_search": "web_search",
    "openrouter:web_search": "web_search",
    "browser_search": "web_search",
    "google_search": "web_search",
    "googleSearch": "web_search",
    "file_search": "file_search",
    "code_interpreter": "code_session",
}
"""By how the types of tools begin: `web_search_20250305` and `web_search_preview` are searches too."""
LIMITS = ("max_uses", "max_tool_calls")
"""Of one of Anthropic's tools, and of all tools of a response."""
SERVER_TOOLS = "server_tool_use"
"""Anthropic's and OpenRouter's object of counts."""
COUNTS = (SERVER_TOOLS, f"{SERVER_TOOLS}_details")
"""OpenRouter has been seen to write either."""
SEARCHES = "web_search_requests"
NAMES: Mapping[str, str] = {
    SEARCHES: "web_search",
    "file_search_requests": "file_search",
    "code_sessions": "code_session",
}
"""Its fields; the first is theirs, the others are our own: nobody else has any."""
XAI = "server_side_tool_usage_details"
XAI_NAMES: Mapping[str, str] = {
    "web_search_calls": "web_search",
    "x_search_calls": "web_search",
    "code_interpreter_calls": "code_session",
    "file_search_calls": "file_search",
    "document_search_calls": "file_search",
}
"""Calls that went well, which are those that xAI bills (docs.x.ai, "Tool Usage Details"). Its `num_sources_used` is of
a search that it no longer has."""
QUERIES = "num_search_queries"
CONTEXT = "search_context_size"
CONTEXTS: Mapping[str, str] = {"low": "request_low", "medium": "request_medium", "high": "request"}
"""Perplexity bills the queries of its deep research, and of its other models each request, by how much it searches
(docs.perplexity.ai, "Pricing")."""
FIELDS = frozenset({*COUNTS, XAI, QUERIES, CONTEXT})
EXECUTED = "executed_tools"
"""In the messages of Groq's systems: each call with its `type` and `index` (console.groq.com, "Built-in tools")."""
GROQ_SEARCHES = frozenset({"search", "browser_search", "browser.search"})
MOST_CALLS = 10_000
"""A larger count is none: no answer takes that many calls."""


def hosted_at_most(body: JsonView) -> Hosted | None:
    """Of a request of chat, Messages or Responses; None where it offers nothing of the kind."""
    overall = _limit(body, USUAL)
    counts: dict[str, int] = {}
    if body.get("web_search_options") is not None or any(text_at(each, "id") == "web" for each in _plugins(body)):
        counts["web_search"] = overall
    for tool in dicts_in(body.get("tools")):
        if kind := _kind_of(tool):
            counts[kind] = max(counts.get(kind, 0), _limit(tool, overall))
    if "code_session" in counts:
        counts["code_session"] = 1
    return hosted_of(counts)


def _plugins(body: JsonView) -> list[JsonView]:
    """OpenRouter's."""
    if "plugins" not in body:
        return []
    return [*dicts_in(body["plugins"])]


def _kind_of(tool: JsonView) -> str:
    """Empty for a tool that the client runs."""
    kind = tool.get("type")
    if kind == "function":
        return ""
    if not isinstance(kind, str):  # Gemini's are named by their only field
        return next((KINDS[name] for name in tool if name in KINDS), "")
    return next((counted for prefix, counted in KINDS.items() if kind.startswith(prefix)), "")


def _limit(holder: JsonView, otherwise: int) -> int:
    for name in LIMITS:
        limit = holder.get(name)
        if type(limit) is int and limit >= 0:
            return min(limit, MOST)
    return otherwise


def hosted_in(usage: JsonView) -> Hosted | None:
    """What a usage says that ran; None where it says nothing of the kind."""
    counts: dict[str, int] = {}
    for name in COUNTS:
        said = dict_at(usage, name)
        for field, kind in NAMES.items():
            counts[kind] = max(counts.get(kind, 0), calls(said.get(field)))
    if XAI in usage:
        said = dict_at(usage, XAI)
        for field, kind in XAI_NAMES.items():
            counts[kind] = counts.get(kind, 0) + calls(said.get(field))
    if queries := calls(usage.get(QUERIES)):
        counts["web_search"] = queries
    elif isinstance(size := usage.get(CONTEXT), str) and size in CONTEXTS:
        counts[CONTEXTS[size]] = 1
    return hosted_of(counts)


def says_searches(usage: object) -> TypeGuard[JsonView]:
    """Whether a usage says how often the web was searched, be it never: then that is billed, whatever else is seen."""
    if not isinstance(usage, dict) or usage.keys().isdisjoint(COUNTS):
        return False
    return any(type(dict_at(usage, name).get(SEARCHES)) is int for name in COUNTS)


def searches_in(executed: object) -> set[int]:
    """The searches among the tools that Groq ran, by their numbers: a stream repeats them."""
    return {
        _number(call, place) for place, call in enumerate(dicts_in(executed)) if text_at(call, "type") in GROQ_SEARCHES
    }


def server_tools(hosted: Hosted) -> JsonObject:
    """The object of counts that clients get; empty where only a fee for the request is known."""
    counts = {field: getattr(hosted, kind) for field, kind in NAMES.items()}
    return {field: count for field, count in counts.items() if count}


def hosted_usage(hosted: Hosted | None) -> JsonObject | None:
    """The `usage` of an answer that counts no tokens; None where nothing ran."""
    if hosted is None:
        return None
    return {SERVER_TOOLS: server_tools(hosted)}


def _number(call: JsonView, place: int) -> int:
    number = call.get("index")
    if type(number) is int:
        return number
    return place


def calls(value: object) -> int:
    """A count of calls from foreign JSON; 0 for what is none that can be."""
    if type(value) is int and 0 <= value <= MOST_CALLS:
        return value
    return 0
