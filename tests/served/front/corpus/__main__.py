"""Prints the judged differences as a table: what the front door, and what the other, make of each request."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.served.front.corpus.judged import JUDGED
from tests.served.front.corpus.kinds import CORPUS, unfinished
from tests.served.front.corpus.readers import Verdict, asked, by_h11, nginx, ours


def at(url: str) -> dict[str, Verdict]:
    """What a server makes of each."""
    return {name: asked(url, data, unfinished(name)) for name, data in CORPUS.items()}


def cells(*texts: str) -> str:
    """One row in Markdown."""
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def table(own: Mapping[str, Verdict], others: Mapping[str, Mapping[str, Verdict]]) -> str:
    """A row a judged request and reader."""
    rows = [cells("request", "ours", "reader", "its", "difference", "why"), "|---|---|---|---|---|---|"]
    for each in JUDGED:
        for reader, verdicts in others.items():
            for name in sorted(each.of(reader)):
                said = ("; ".join(own[name]), reader, "; ".join(verdicts[name]))
                rows.append(cells(name, *said, each.stance.value, each.because))
    return "\n".join(rows)


def main() -> None:
    """Raises ServerMissing where there is no nginx."""
    by = {"h11": {name: by_h11(data, unfinished(name)) for name, data in CORPUS.items()}}
    with tempfile.TemporaryDirectory() as directory, nginx(Path(directory)) as url:
        by["nginx"] = at(url)
    with ours() as url:
        print(table(at(url), by))


if __name__ == "__main__":
    main()
