"""Which account a model's thoughts came from: some are only read again there.

Kept in memory, and as digests of signatures: no text is kept, and after a start no account is known for any thought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import chain

import attrs

from aihub_lite.gateway.routing.key_rests import Account
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.models import claude_model
from aihub_lite.wire.anthropic.thinking import signatures_in
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.json_types import JsonView

LIMIT = 20_000
"""Thoughts remembered, the latest ones: some 4 MB when full."""


@attrs.define(eq=False)
class Affinity:
    """Remembers the account of each thought that was relayed lately."""

    limit: int = LIMIT
    _accounts: dict[bytes, Account] = attrs.field(factory=dict)
    """By digest of the thought's signature, oldest first."""

    def __len__(self) -> int:
        return len(self._accounts)

    def remember(self, account: Account, details: Iterable[JsonView]) -> None:
        """Remember the thoughts of an answer, given as its `reasoning_details`."""
        self.remember_signed(account, signatures_in({"reasoning_details": [*details]}))

    def remember_signed(self, account: Account, signatures: Iterable[str]) -> None:
        """Remember thoughts by what they are signed with, or are encrypted as."""
        for signature in signatures:
            digest = _digest(signature)
            self._accounts.pop(digest, None)  # so that it moves to the end, where the latest are
            self._accounts[digest] = account
        while len(self._accounts) > self.limit:
            del self._accounts[next(iter(self._accounts))]

    def account_of(self, chat: ChatRequest, lanes: Sequence[Lane]) -> Account | None:
        """Where the latest thought of a conversation came from that is known; None where no lane is account-bound."""
        if not any(is_account_bound(lane) for lane in lanes):
            return None
        signed = (reversed(signatures_in(message)) for message in reversed(chat.body["messages"]))
        return self.account_of_signed(chain.from_iterable(signed))

    def account_of_signed(self, signatures: Iterable[str]) -> Account | None:
        """Where the first of some thoughts came from that is known."""
        for signature in signatures:
            if (account := self._accounts.get(_digest(signature))) is not None:
                return account
        return None

    def readable(self, account: Account, signature: str, unknown: bool) -> bool:
        """Whether an account can read a thought; `unknown` is the answer where nobody knows where it came from."""
        origin = self._accounts.get(_digest(signature))
        if origin is None:
            return unknown
        return origin == account


def is_account_bound(lane: Lane) -> bool:
    """Whether a lane's model reads only thoughts of its own account."""
    candidate = lane.candidate
    wire = PROVIDERS[candidate.channel.provider].wire_for(candidate.upstream_model)
    return wire == "anthropic" and claude_model(candidate.upstream_model).account_bound


def _digest(signature: str) -> bytes:
    return blake2b(signature.encode("utf-8", "surrogatepass"), digest_size=16).digest()
