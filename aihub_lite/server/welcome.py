"""What `serve` prints when it answers: where it is, and at the first start all that a first call needs."""

from __future__ import annotations

import attrs

from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.meta import Meta
from aihub_lite.web.sign_in import SignIn

FIRST_START = "first_start"
FIRST_TOKEN = "default"  # noqa: S105  a name


@attrs.define
class Welcome:
    """URLs without a path: `url` as the socket is bound, `local_url` as a client on this machine reaches it."""

    gateway: Gateway
    url: str
    local_url: str

    async def show(self) -> None:
        """Print where everything is, and last the line that says the gateway answers."""
        first = await Meta(self.gateway.database).put_once(FIRST_START, str(int(self.gateway.clock.wall())))
        if first:
            print("Welcome to aihub-lite.\n")
        print(
            f"  Base URL  {self.address}/v1\n"
            f"  Console   {self.address}/console   (`aihub-lite console` prints a link that signs in)\n"
            f"  Data      {self.gateway.settings.data_dir.absolute()}\n"
        )
        if first:
            await self.first_call()
        print(f"Listening on {self.url}", flush=True)

    @property
    def address(self) -> str:
        """Where clients find the gateway, without a path."""
        return self.gateway.settings.public_url or self.local_url

    async def first_call(self) -> None:
        """Print a new token and how to use it; its key is shown only here."""
        registry = self.gateway.registry
        if any(token.name == FIRST_TOKEN for token in registry.tokens.all):
            return
        _, key = await registry.tokens.create(FIRST_TOKEN)
        link, _ = await SignIn.of(self.gateway).new_link()
        body = '{"model": "demo", "messages": [{"role": "user", "content": "Hello!"}]}'
        print(
            f"  Token     {key}   (shown only now)\n"
            f"  Sign in   {self.address}{link}   (opens once, within the hour)\n\n"
            f"  curl {self.address}/v1/chat/completions \\\n"
            f"    -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\\n"
            f"    -d '{body}'\n"
        )
