"""All requests, by kind and name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.served.front.corpus import bodies, heads

KINDS: Mapping[str, heads.Requests] = {
    "line": heads.LINES,
    "name": heads.NAMES,
    "target": heads.TARGETS,
    "version": heads.VERSIONS,
    "host": heads.HOSTS,
    "method": heads.METHODS,
    "length": bodies.LENGTHS,
    "coding": bodies.CODINGS,
    "chunk": bodies.CHUNKS,
    "trailer": bodies.TRAILERS,
    "pipeline": bodies.PIPELINES,
    "end": bodies.ENDS,
}
CORPUS: Mapping[str, bytes] = {
    f"{kind}: {name}": data for kind, requests in KINDS.items() for name, data in requests.items()
}


def unfinished(name: str) -> bool:
    """Whether the client goes away behind it."""
    return name.startswith("end: ")
