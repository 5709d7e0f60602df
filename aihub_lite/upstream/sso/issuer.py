"""One issuer of OpenID Connect: where it is asked, and what it says of who signs in.

Sources: OpenID Connect Core 1.0 (3.1.2.1, 3.1.3, 5.3), Discovery 1.0 (4), RFC 7636 (PKCE), read in November 2026.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import attrs
import msgspec

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import AccessDenied, UpstreamBroken
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.sso.id_token import checked_claims
from aihub_lite.upstream.transport import Transport

PATIENCE = 10.0
"""Seconds for one answer of the issuer."""
LARGEST = 256 * 1024
"""Bytes of one answer."""
FRESH = 3600.0
"""Seconds that what an issuer says of itself is kept."""
FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"accept", b"application/json")


@attrs.frozen(kw_only=True)
class Endpoints:
    """Where an issuer is asked, as its discovery document says."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    """Empty where it has none."""
    basic: bool
    """Whether it takes the client's secret in a header, as the standard prefers."""


@attrs.frozen(kw_only=True)
class ClientId:
    """Whom the issuer knows this gateway as."""

    id: str
    secret: str = attrs.field(default="", repr=False)
    """Empty for a public client, whose proof is PKCE's alone."""
    scopes: str = "openid profile email"


def challenge_of(verifier: str) -> str:
    """What the issuer is shown of a verifier at first (RFC 7636, 4.2, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@attrs.define(eq=False)
class Issuer:
    """Asks one issuer. All of it raises UpstreamBroken where that gives no answer of use."""

    transport: Transport
    clock: Clock
    url: str
    client: ClientId
    _endpoints: Endpoints | None = None
    _keys: list[dict[str, Any]] = attrs.field(factory=list)
    _fetched: float = 0.0
    """When both were read, on the monotonic clock."""

    async def address(self, redirect: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser goes to sign in; it comes back to `redirect`."""
        endpoints = await self.endpoints()
        query = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": redirect,
            "scope": self.client.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(endpoints.authorization).query else "?"
        return endpoints.authorization + separator + urlencode(query)

    async def claims(self, code: str, redirect: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """What the issuer says of who came back with a code.

        Raises AccessDenied for a code that it does not take, and for an answer that was made for somebody else.
        """
        endpoints = await self.endpoints()
        answer = await self._redeem(endpoints, code, redirect, verifier)
        text = answer.get("id_token")
        if not isinstance(text, str):
            raise UpstreamBroken("The issuer's answer holds no ID token.")
        claims = checked_claims(text, self._keys, endpoints.issuer, self.client.id, nonce, self.clock.wall())
        access_token = answer.get("access_token")
        if not endpoints.userinfo or not isinstance(access_token, str):
            return claims
        more = await self._userinfo(endpoints.userinfo, access_token)
        if more.get("sub") != claims["sub"]:
            raise AccessDenied("The issuer's two answers are of two people.")
        return {**more, **claims}

    async def endpoints(self) -> Endpoints:
        """Where it is asked, and its keys, read again every hour."""
        now = self.clock.monotonic()
        if self._endpoints is None or now - self._fetched > FRESH:
            document = await self._get(self.url.rstrip("/") + "/.well-known/openid-configuration")
            endpoints = endpoints_in(document, self.url)
            self._keys = keys_in(await self._get(endpoints.keys))
            self._endpoints = endpoints
            self._fetched = now
        return self._endpoints

    async def _redeem(self, endpoints: Endpoints, code: str, redirect: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = [FORM, JSON]
        if self.client.secret and endpoints.basic:
            pair = f"{quote(self.client.id, safe='')}:{quote(self.client.secret, safe='')}"
            headers.append((b"authorization", b"Basic " + base64.b64encode(pair.encode())))
        else:
            form["client_id"] = self.client.id
            if self.client.secret:
                form["client_secret"] = self.client.secret
        status, answer = await self._ask("POST", endpoints.token, headers, urlencode(form).encode())
        if status == 400:
            raise AccessDenied("The issuer does not take this sign-in any more: begin again.")
        if status != 200:
            raise UpstreamBroken(f"The issuer refused to say who signs in, with status {status}.")
        return answer

    async def _userinfo(self, url: str, access_token: str) -> dict[str, Any]:
        bearer = (b"authorization", b"Bearer " + access_token.encode("latin-1", "replace"))
        status, answer = await self._ask("GET", url, [bearer, JSON], None)
        if status != 200:
            raise UpstreamBroken(f"The issuer refused to say more of who signs in, with status {status}.")
        return answer

    async def _get(self, url: str) -> dict[str, Any]:
        status, answer = await self._ask("GET", url, [JSON], None)
        if status != 200:
            raise UpstreamBroken(f"The issuer does not say where it is asked: status {status}.")
        return answer

    async def _ask(
        self, method: str, url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes | None
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self.transport.send(method, url, headers, body)
                try:
                    data = await response.read(LARGEST)
                finally:
                    await response.aclose()
        except (TransportFault, TimeoutError):
            raise UpstreamBroken("The issuer cannot be reached.") from None
        try:
            return response.status, msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError:
            return response.status, {}


def endpoints_in(document: Mapping[str, Any], url: str) -> Endpoints:
    """From a discovery document of the issuer at `url`; raises UpstreamBroken for another's, or one that lacks any."""
    issuer = document.get("issuer")
    # Discovery 1.0, 4.3: it must say the name by which it was asked; else its keys are somebody else's.
    if not isinstance(issuer, str) or issuer.rstrip("/") != url.rstrip("/"):
        raise UpstreamBroken("The issuer says that it is another one.")
    methods = document.get("token_endpoint_auth_methods_supported")
    return Endpoints(
        issuer=issuer,
        authorization=_address(document, "authorization_endpoint", url),
        token=_address(document, "token_endpoint", url),
        keys=_address(document, "jwks_uri", url),
        userinfo=_address(document, "userinfo_endpoint", url) if "userinfo_endpoint" in document else "",
        basic=not isinstance(methods, list) or "client_secret_basic" in methods,
    )


def _address(document: Mapping[str, Any], name: str, url: str) -> str:
    address = document.get(name)
    # An issuer that is asked over TLS sends nobody elsewhere without it.
    scheme = "http"
    if url.startswith("https:"):
        scheme = "https:"
    if not isinstance(address, str) or not address.startswith(scheme):
        raise UpstreamBroken(f"The issuer says no {name} of use.")
    return address


def keys_in(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The keys of a key set that sign."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise UpstreamBroken("The issuer shows no keys.")
    return [key for key in keys if isinstance(key, dict) and key.get("use", "sig") == "sig"]
