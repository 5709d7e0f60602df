"""Microsoft Entra's token endpoint, scripted: it knows one application."""

from __future__ import annotations

from urllib.parse import parse_qs

import attrs

from tests.support.canaries import KEY_CANARY
from tests.support.upstream.answers import json_answer
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
SECRET = f"{KEY_CANARY}~secret/of.an_application"
LIFETIME = 3599


@attrs.define(eq=False)
class Entra:
    """Gives a token for each right question, and remembers which."""

    given: list[str] = attrs.field(factory=list)

    def __call__(self, request: Request) -> Script:
        """The answer to any request."""
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if request.path != f"/{TENANT}/oauth2/v2.0/token":
            return json_answer(400, {"error": "invalid_request", "error_codes": [90002]})
        right = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        if not right.items() <= asked.items():
            return json_answer(401, {"error": "invalid_client", "error_codes": [7000215]})
        return self.token()

    def token(self) -> Script:
        """The next one."""
        self.given.append(f"entra-token-{len(self.given) + 1}")
        return json_answer(200, {"token_type": "Bearer", "expires_in": LIFETIME, "access_token": self.given[-1]})

    def credential(self, server: Upstream) -> str:
        """What a channel has for the application."""
        return f"entra:{server.url.removesuffix('/v1')}/{TENANT}/{CLIENT}/{SECRET}"
