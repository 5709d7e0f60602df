"""What Connect shows for a client, with everything filled in as the page's script does."""

from __future__ import annotations

from aihub_lite.web.console.connect import CLIENTS, WINDOWS, pieces

CODES = {client.name: client.code for client in CLIENTS}


def shown(name: str, root: str, key: str, model: str, window: int | None = None) -> str:
    """A client's code; `window` is how many tokens the model can read, where that is known."""
    values = {"key": key, "model": model}
    for line, beginning in WINDOWS.items():
        values[line] = f"{beginning}{window}\n" if window else ""
    parts = pieces(CODES[name], root)
    return "".join(values[part] if place % 2 else part for place, part in enumerate(parts))
