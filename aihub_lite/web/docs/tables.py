"""The description of the API as tables for people: what an endpoint takes, answers and streams, and who drops what."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.providers.provider import Provider
from aihub_lite.web.docs.markdown import ROOT, table
from aihub_lite.web.docs.reference import Field, Operation, operations
from aihub_lite.wire.gemini import embeddings as gemini

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "field": "field",
        "type": "type",
        "what": "what it is",
        "left_out": " (left out for {})",
        "required": "required",
        "default": "default",
        "event": "event",
        "brings": "what it brings",
        "kind": "kind of channel",
        "gets": "what it gets",
        "json": "takes JSON",
        "form": "takes a form (`multipart/form-data`)",
        "answers_json": "answers JSON",
        "answers_file": "answers a file",
        "events": "or events",
        "others": "all others",
        "as_is": "the request as you sent it, but for the model's name",
        "translated": "the request in its own words",
        "without": "without",
        "nothing": "nothing: it has no such endpoint, and is not asked",
        "then": " and ",
        "stop": ".",
        "and": ", ",
        "item": ", ",
        "group": "; ",
    },
    "zh": {
        "field": "字段",
        "type": "类型",
        "what": "说明",
        "left_out": "（{} 不支持，会省略）",
        "required": "必填",
        "default": "默认",
        "event": "事件",
        "brings": "内容",
        "kind": "渠道类型",
        "gets": "收到什么",
        "json": "接受 JSON",
        "form": "接受表单（`multipart/form-data`）",
        "answers_json": "返回 JSON",
        "answers_file": "返回文件",
        "events": "或事件流",
        "others": "其他所有",
        "as_is": "您发送的请求，只换模型名称",
        "translated": "用它自己的格式表达的请求",
        "without": "不含",
        "nothing": "什么也没有：它没有这个端点，不会被请求",
        "then": "，",
        "stop": "。",
        "and": "，",
        "item": "、",
        "group": "、",
    },
}
READ_BY: Mapping[str, Mapping[str, Collection[str]]] = {"gemini": {"embeddings": gemini.READ}}
"""Fields that a wire has a word for, by the endpoints that are translated to it; chat's wire takes all as they are."""


def call_line(path: str, language: str) -> str:
    """How an endpoint is called: its method and address, what it takes, what it answers."""
    operation = operations()[path]
    words = WORDS[language]
    takes = words["json"]
    if operation.form:
        takes = words["form"]
    answers = words["answers_json"]
    if operation.binary:
        answers = words["answers_file"]
    if operation.stream:
        answers += f" {words['events']}"
    return f"`{operation.method.upper()} {ROOT}{path}` {takes}{words['then']}{answers}{words['stop']}"


def fields_table(path: str, language: str, left_out: Mapping[str, Collection[str]] | None = None) -> str:
    """A Markdown table of an operation's fields; with `left_out`, by provider, who has no word for which."""
    words = WORDS[language]
    rows = []
    for field in operations()[path].fields:
        text = field.text[language]
        without = [provider for provider, names in (left_out or {}).items() if field.name in names]
        if without:
            text += words["left_out"].format(words["item"].join(without))
        rows.append((f"`{field.name}`", _type_cell(field, words), text))
    return table((words["field"], words["type"], words["what"]), rows)


def answer_table(path: str, language: str) -> str:
    """A Markdown table of the fields of its answer."""
    words = WORDS[language]
    rows = [(f"`{each.name}`", each.type, each.text[language]) for each in operations()[path].answer]
    return table((words["field"], words["type"], words["what"]), rows)


def events_table(path: str, language: str) -> str:
    """A Markdown table of the events of its stream."""
    words = WORDS[language]
    rows = [(f"`{each.name}`", each.text[language]) for each in operations()[path].events]
    return table((words["event"], words["brings"]), rows)


def kinds_table(path: str, language: str) -> str:
    """A Markdown table of what becomes of a request, by the kind of channel that it goes to; the exceptions first."""
    operation = operations()[path]
    words = WORDS[language]
    titles: dict[str, list[str]] = {}
    for provider in PROVIDERS.values():
        titles.setdefault(_gets(provider, operation, words), []).append(provider.title)
    usual = titles.pop(words["as_is"], [])
    rows = [(words["group"].join(named), gets) for gets, named in titles.items()]
    if usual:
        rows.append((words["others"], words["as_is"]))
    return table((words["kind"], words["gets"]), rows)


def dropped_by(provider: Provider, operation: Operation) -> frozenset[str] | None:
    """Fields of an endpoint that is passed on which a kind of channel does not get; None where it is not asked."""
    if not provider.has(operation.surface, provider.base_url):
        return None
    names = frozenset(field.name for field in operation.fields)
    if provider.wire != "chat":
        read = READ_BY.get(provider.wire, {}).get(operation.surface)
        if read is None:
            return None
        return names.difference(read)
    if operation.form:
        return frozenset()
    return names & provider.quirks.drop


def _gets(provider: Provider, operation: Operation, words: Mapping[str, str]) -> str:
    dropped = dropped_by(provider, operation)
    if dropped is None:
        return words["nothing"]
    gets = words["as_is"]
    if provider.wire != "chat":
        gets = words["translated"]
    if dropped:
        gets += f"{words['and']}{words['without']} {words['item'].join(f'`{name}`' for name in sorted(dropped))}"
    return gets


def _type_cell(field: Field, words: Mapping[str, str]) -> str:
    notes = [field.type]
    if field.required:
        notes.append(words["required"])
    if field.default:
        notes.append(f"{words['default']} `{field.default}`")
    if field.least is not None and field.most is not None:
        notes.append(f"{field.least:g}–{field.most:g}")
    elif field.most is not None:
        notes.append(f"≤ {field.most:g}")
    elif field.least is not None:
        notes.append(f"≥ {field.least:g}")
    return words["and"].join(notes)
