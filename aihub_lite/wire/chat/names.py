"""Names of tools as chat upstreams take them: at most 64 characters."""

from __future__ import annotations

import hashlib

MAX_NAME = 64
"""OpenAI's and most others' limit; Anthropic takes 128 characters, which names of MCP tools often need."""

KEPT_NAME = 55
"""Characters that stay of a longer one, before an underscore and eight digits of its hash."""


def short_name(name: str) -> str:
    """A name that chat upstreams take: a function of the name alone, so that history is always written the same."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[:KEPT_NAME]}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
