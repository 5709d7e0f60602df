"""A request that is passed on as it came, but for its model: what the gateway reads of it, and how it goes upstream."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import msgspec

from aihub_lite.domain.modal import Modal, Modality
from aihub_lite.domain.usage import Unit, Usage
from aihub_lite.wire.chat_usage import COMPLETION_DETAILS, PROMPT_DETAILS, usage_of
from aihub_lite.wire.fields import ROUTING_FIELDS
from aihub_lite.wire.form import Form, FormBody
from aihub_lite.wire.quirks import Quirks

Content = dict[str, Any] | Form
"""A client's request as decoded JSON or as a form; all of it, and never changed."""
DETAILS = {"_input": PROMPT_DETAILS, "_output": COMPLETION_DETAILS}
"""Where an upstream tells apart what counts of Modal that end in these are of."""
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
    modal: Modal | None = None
    """What of the prompt is no text."""
    made: Modality | Literal[""] = ""
    """What the answer's tokens are, if not text."""

    def usage(self, completion_tokens: int = 0, units: int | None = None) -> Usage:
        """What it comes to by our own count."""
        counted = self.units if units is None else units
        known = Usage(self.prompt_estimate, completion_tokens, units=counted, unit=self.unit)
        others = self._no_text(completion_tokens)
        return known.with_modal(Modal(**others)) if others else known

    def reported(self, said: object) -> Usage | None:
        """As `usage_of`; tokens that the upstream does not tell apart are what such requests, and answers, are of."""
        known = usage_of(said)
        if known is None or not isinstance(said, dict):
            return known
        untold = tuple(part for part, names in DETAILS.items() if said.keys().isdisjoint(names))
        others = self._no_text(known.completion_tokens)
        assumed = {name: count for name, count in others.items() if name.endswith(untold)}
        told = known.modal.counts() if known.modal else {}
        return known.with_modal(Modal(**told | assumed)) if assumed else known

    def _no_text(self, completion_tokens: int) -> dict[str, int]:
        counts = self.modal.counts() if self.modal else {}
        return counts | ({f"{self.made}_output": completion_tokens} if self.made else {})


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
