"""What `serve` says when it answers: once everything one needs for the first call, later only where it listens."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.meta import Meta
from aihub_lite.web.sign_in import SignIn

FIRST_START = "first_start"
FIRST_TOKEN = "default"  # noqa: S105  a name


@attrs.define
class Welcome:
    """Addresses without a path: `url` as the socket is bound, `reachable` as somebody on this machine finds it."""

    gateway: Gateway
    url: str
    reachable: str

    async def show(self) -> None:
        """Print the line that says the gateway answers, after the first start's own lines."""
        if await Meta(self.gateway.database).put_once(FIRST_START, str(int(self.gateway.clock.wall()))):
            await self.first_call()
        print(f"Listening on {self.url}", flush=True)

    async def first_call(self) -> None:
        """A fresh token and how to use it; the key is shown this once."""
        registry = self.gateway.registry
        if any(token.name == FIRST_TOKEN for token in registry.tokens):
            return
        _, key = await registry.create_token(FIRST_TOKEN)
        link, _ = await SignIn.of(self.gateway).new_link()
        address = self.gateway.settings.public_url or self.reachable
        body = '{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'
        print(
            f"Welcome to aihub-lite.\n\n"
            f"  Base URL  {address}/v1\n"
            f"  Token     {key}   (shown only now)\n"
            f"  Console   {address}{link}   (opens once, within the hour)\n\n"
            f"  curl {address}/v1/chat/completions \\\n"
            f"    -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n"
            f"    -d '{body}'\n"
        )
