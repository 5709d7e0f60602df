"""Bodies of the gateway's own routes: how much of one is read, and for how long it is waited.

The framework's own parsers are never asked. They have no deadline, and they keep whole bodies of strangers, and the
keys in them, in a cache that never empties: 30 forms of 31 MB, each refused, took 1.8 GB for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aihub_lite.errors import InvalidRequest
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.relay.endpoint import exchange_of

FORM_BYTES = 8 * 1024
"""A key, a page to go on to, and room to spare."""
FORM_FIELDS = 8
ADMIN_BYTES = 1024 * 1024
"""A channel with ten thousand models fits."""


async def read_body(request: AnyRequest, gateway: Gateway, limit: int) -> bytes:
    """At most `limit` bytes; raises RequestTooLarge, BodyTimeout and ClientGone."""
    exchange = exchange_of(request.scope, request.receive, None)
    return bytes(await exchange.body(limit, gateway.settings.body_timeout))


async def read_form(request: AnyRequest, gateway: Gateway) -> Mapping[str, str]:
    """The fields of a page's form, the last of each name; raises as `read_body` does, and InvalidRequest."""
    data = await read_body(request, gateway, FORM_BYTES)
    try:
        fields = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError:
        raise InvalidRequest("The form cannot be read.") from None
    return dict(fields)
