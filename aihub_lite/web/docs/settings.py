"""The table of all settings, made of their declarations: variable, default, whether it changes live, reason."""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.config import LIVE, REASONS, Settings, variable_of
from aihub_lite.web.docs.markdown import table

HEADS = {
    "en": ("variable", "default", "while it runs", "what it is, and why"),
    "zh": ("变量", "默认", "运行时可改", "说明与理由"),
}
YES = {"en": "yes", "zh": "是"}


def settings_table(language: str) -> str:
    """A Markdown table, a line for each; reasons are English in every language."""
    defaults = {field.name: field.default for field in attrs.fields(Settings)}
    rows = []
    for name, reason in REASONS.items():
        live = ""
        if name in LIVE:
            live = YES[language]
        rows.append((f"`{variable_of(name)}`", _shown(defaults[name]), live, reason))
    return table(HEADS[language], rows)


def _shown(default: Any) -> str:
    """A default as one would type it; nothing for none, and for one that depends on the machine."""
    if default in (None, "") or isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default}`"
