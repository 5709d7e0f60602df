"""How a client labels a request: in a header, and in the body that it posts."""

from __future__ import annotations

from aihub_lite.domain.reports.tags import Labels
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.wire.labels import labels_in
from aihub_lite.wire.protocols import Request

HEADERS = frozenset({b"x-aihub-tags", b"x-aihub-tag"})
"""Either carries tags, separated by commas: the second is how named routes have always called it."""
MOST_TAGS = 16


def header_tags(exchange: Exchange) -> list[str]:
    """The tags in a request's headers, as their client wrote them."""
    values = [value for name, value in exchange.scope["headers"] if name in HEADERS]
    if not values:
        return []
    tags = b",".join(values).decode("latin-1").split(",")[:MOST_TAGS]
    return [tag.strip() for tag in tags if tag.strip()]


def labels_of(exchange: Exchange, request: Request) -> Labels:
    """What of it a usage record keeps."""
    return labels_in(request.posted, header_tags(exchange))
