"""What a client shows of itself: its product, and the path that it asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

PRODUCT = re.compile(r"[\w.-]{1,32}/(?:\w{1,16} )?[\w.-]{1,24}", re.ASCII)
MAX_PATH = 200


@lru_cache(maxsize=256)
def product(user_agent: str) -> str:
    """The client's own name and version (`OpenAI/Python 3.54.0`), or nothing; free text is not kept."""
    match = PRODUCT.match(user_agent)
    if match is None:
        return ""
    return match.group()


def received_path(scope: Mapping[str, Any]) -> str:
    """The path before the gate made it canonical: what is wrong with a base URL shows there. Printable, and cut."""
    path = str(scope.get("aihub.received_path", scope["path"]))[:MAX_PATH]
    if path.isprintable():
        return path
    return ascii(path)[1:-1]
