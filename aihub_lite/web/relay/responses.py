"""`/v1/responses`, and the paths below it that would read, cancel or delete a response."""

from __future__ import annotations

from typing import Self

import attrs

from aihub_lite.errors import NotFound
from aihub_lite.gateway.adapters.recall import Recall
from aihub_lite.gateway.adapters.responses import Compaction, Responses
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.relay.endpoint import check_method
from aihub_lite.web.relay.replies import send_json

ROOT = "/v1/responses"
COMPACT = f"{ROOT}/compact"
INPUT_TOKENS = f"{ROOT}/input_tokens"
NOT_COUNTED = (
    "The tokens of a response are not counted here beforehand. What is served: POST /v1/responses, whose answer says "
    "them in `usage`, and POST /v1/messages/count_tokens."
)


NOT_STORED = (
    "Responses are not stored here to be read: answers are kept for requests that point at them by "
    "'previous_response_id' or 'item_reference'. What is served: POST /v1/responses and /v1/responses/compact, and "
    "DELETE /v1/responses/ID of what is kept."
)


@attrs.frozen
class ResponsesEndpoints:
    """One method for the path itself, one for all paths below it."""

    gateway: Gateway
    surface: Responses
    compaction: Compaction

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        """With what the gateway keeps."""
        recall = Recall(gateway.answers, gateway.line.parsing)
        return cls(gateway, Responses(recall), Compaction(recall))

    async def responses(self, exchange: Exchange) -> None:
        """`POST /v1/responses` (RULES.md C-19)."""
        await self.gateway.line.serve(exchange, self.surface)

    async def below(self, exchange: Exchange) -> None:
        """`POST /v1/responses/compact` and `DELETE /v1/responses/ID`. There is nothing else to find.

        Raises NotFound, or Unauthenticated without a key.
        """
        path: str = exchange.scope["aihub.path"]
        if path == COMPACT:
            check_method(exchange, "POST")
            await self.gateway.line.serve(exchange, self.compaction)
            return
        token = self.gateway.line.authenticate(exchange)
        if path == INPUT_TOKENS:
            raise NotFound(NOT_COUNTED)
        response_id = path.removeprefix(f"{ROOT}/")
        if exchange.scope["method"] != "DELETE" or "/" in response_id:
            raise NotFound(NOT_STORED)
        if not self.gateway.answers.delete(token.id, response_id):
            raise NotFound(f"Response with id {response_id[:80]!r} not found. {NOT_STORED}")
        await send_json(exchange, {"id": response_id, "object": "response", "deleted": True})
