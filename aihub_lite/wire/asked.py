"""A request that is passed on as it came, but for its model: what the gateway reads of it, and how it goes upstream."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import msgspec

from aihub_lite.domain.usage import Unit, Usage
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.form import Form, FormBody
from aihub_lite.wire.quirks import Quirks

Content = dict[str, Any] | Form
"""A client's request as decoded JSON or as a form; all of it, and never changed."""
_encode = msgspec.json.Encoder().encode


@attrs.frozen(kw_only=True)
class Asked:
    """One request of any surface but chat. Its counts are estimates, for the hold and for when no usage comes."""

    content: Content = attrs.field(repr=False)
    model: str
    stream: bool = False
    """Whether the answer is passed on while it comes, so that the upstream can be stopped."""
    events: bool = True
    """Whether a stream is one of events; else it is a file."""
    include_usage: bool = False
    """Whether the client wants the usage chunk of a stream."""
    prompt_estimate: int = 0
    """Tokens."""
    n: int = 0
    """How many things are made, each of `max_tokens` at most; 0 where the answer is none that is billed."""
    max_tokens: int | None = None
    units: int = 0
    unit: Unit | Literal[""] = ""
    """What the request comes to besides tokens, as in Usage."""
    wants: str = ""
    """The form of the answer that it asks for, where there are several."""

    def usage(self, completion_tokens: int = 0, units: int | None = None) -> Usage:
        """What it comes to by our own count."""
        counted = self.units if units is None else units
        return Usage(self.prompt_estimate, completion_tokens, units=counted, unit=self.unit)


def sent_body(asked: Asked, upstream_model: str, quirks: Quirks) -> bytes | FormBody:
    """The request for one upstream."""
    if isinstance(asked.content, Form):
        return asked.content.sent({"model": upstream_model})
    dropped = ROUTING_FIELDS | quirks.drop if quirks.drop else ROUTING_FIELDS
    body = {name: value for name, value in asked.content.items() if name not in dropped}
    body["model"] = upstream_model
    return _encode(body)


def sent_completion(asked: Asked, upstream_model: str, quirks: Quirks) -> bytes | FormBody:
    """The same where a stream tells its usage only to who asks for it."""
    content = asked.content
    assert isinstance(content, dict)  # noqa: S101  no completion is asked for by form
    options = content.get("stream_options")
    left = {name: value for name, value in content.items() if name != "stream_options"}
    if asked.stream and quirks.stream_options:
        left["stream_options"] = {**(options or {}), "include_usage": True}
    return sent_body(attrs.evolve(asked, content=left), upstream_model, quirks)
