"""Microsoft Entra's access tokens for Azure OpenAI, by the client credentials of an application.

Sources: learn.microsoft.com, "OAuth 2.0 client credentials flow on the Microsoft identity platform" and "Azure OpenAI
REST API reference" (the scope), read in November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import attrs
import msgspec

from aihub_lite.domain.channel import ENTRA
from aihub_lite.domain.clock import Clock
from aihub_lite.upstream.access.application import EntraApplication, entra_application
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.access.faults import AccessRefused, NoAccess
from aihub_lite.upstream.access.google import Ask
from aihub_lite.upstream.access.grants import Grant, Grants

SCOPES: Mapping[str, str] = {
    "login.microsoftonline.us": "https://cognitiveservices.azure.us/.default",
    "login.partner.microsoftonline.cn": "https://cognitiveservices.azure.cn/.default",
}
"""What is asked for, by the host of the authority: Azure's other clouds have other resources."""
SCOPE = "https://cognitiveservices.azure.com/.default"
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
SHORTEST = 60.0
"""Seconds that a token is kept that does not say how long it is good."""
WORD = re.compile(r"[a-z_]{1,40}")
"""An error code of OAuth's (RFC 6749, 5.2)."""
PASSING = frozenset({408, 429})
"""Refusals that say nothing of the credential."""


@attrs.define(eq=False)
class EntraAuthorizer:
    """Lets requests in by a token of an application."""

    ask: Ask
    clock: Clock
    tokens: Grants[str] = attrs.field(
        default=attrs.Factory(lambda self: Grants(self.clock, self.fetch), takes_self=True)
    )

    async def authorize(self, credential: str, request: RequestDraft) -> Authorization:
        if not credential.startswith(ENTRA):
            return Authorization((), credential)  # a key, which is sent as it is
        token = await self.tokens.get(credential)
        return Authorization([(b"authorization", b"Bearer " + token.encode())], token)

    def refused(self, credential: str, authorization: Authorization) -> bool:
        if not credential.startswith(ENTRA):
            return False
        return self.tokens.give_up(credential, authorization.secret)

    async def close(self) -> None:
        await self.tokens.close()

    async def fetch(self, credential: str) -> Grant[str]:
        """Asks for a token; raises TransportFault."""
        application = entra_application(credential)
        if application is None:
            raise AccessRefused("The credential is no application of Microsoft Entra: entra:TENANT/CLIENT/SECRET.")
        answer = await self.ask("POST", token_url(application), FORM, _form(application))
        said = _object_in(answer.data)
        if answer.status != 200:
            reason = _reason(said, answer.status)
            if answer.status in PASSING or answer.status >= 500:
                raise NoAccess(f"Microsoft Entra gave no access token: {reason}")
            raise AccessRefused(f"Microsoft Entra refused the credential: {reason}", answer.status)
        token = said.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise NoAccess("Microsoft Entra's answer holds no access token")
        return Grant(token, _seconds(said.get("expires_in")))


def token_url(application: EntraApplication) -> str:
    """Where an application asks for tokens."""
    return f"{application.authority}/{quote(application.tenant, safe='')}/oauth2/v2.0/token"


def _form(application: EntraApplication) -> bytes:
    host = urlsplit(application.authority).hostname or ""
    fields = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": application.secret,
        "scope": SCOPES.get(host, SCOPE),
    }
    return urlencode(fields).encode()


def _object_in(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _reason(said: Mapping[str, Any], status: int) -> str:
    """OAuth's code and Entra's number for what is wrong, else the status: the text might repeat what it was sent."""
    error = said.get("error")
    words = [error] if isinstance(error, str) and WORD.fullmatch(error) else [f"status {status}"]
    codes = said.get("error_codes")
    if isinstance(codes, list) and codes and type(codes[0]) is int:
        words.append(f"AADSTS{codes[0]}")
    return ", ".join(words)


def _seconds(expires_in: object) -> float:
    if isinstance(expires_in, str) and expires_in.isdecimal():
        expires_in = int(expires_in[:9])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int) or expires_in <= 0:
        return SHORTEST
    return float(min(expires_in, 86_400))
