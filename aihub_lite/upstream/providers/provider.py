"""What is known of one kind of upstream."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.domain.channel import ENTRA
from aihub_lite.upstream.access.access import AccessKind
from aihub_lite.upstream.providers import azure
from aihub_lite.wire.chat.quirks import DEFAULT, Quirks

Auth = Literal["bearer", "api-key", "x-api-key", "x-goog-api-key"]
"""How a key is sent: `Authorization: Bearer KEY`, or in a header of its own name."""
Wire = Literal["chat", "anthropic", "gemini"]
"""The format that its upstream speaks."""
Cloud = Literal["bedrock", "vertex"]
"""One that sells models of several makers, each in its maker's format and at a path of its own."""
EVERY_KIND = frozenset({"*"})

ANTHROPIC_VERSION = (b"anthropic-version", b"2023-06-01")
PLACE = re.compile(r"\{([A-Z_]+)\}")
"""Where a base URL has a variable of the environment in it."""
PART = re.compile(r"env:([A-Z_]+)")
"""The same of a credential."""


@attrs.frozen(kw_only=True)
class Provider:
    """One kind of upstream, and the defaults of its channels."""

    name: str
    title: str
    base_url: str
    """Paths like `/chat/completions` are appended to it; no slash at the end. `{NAME}` stands for a variable of the
    environment, which holds what differs from account to account; empty: each channel has its own."""
    source: str
    """The address of the documentation that the row is from, its own where it has one; empty for what is built in."""
    checked: str
    """The month in which that was read, as `2026-11`."""
    env: str | None = None
    """The environment variable that commonly holds its key."""
    credential: str = ""
    """What stands for its key where the environment has that one's parts instead."""
    price_id: str | None = None
    """Its id in the genai-prices data; None: it is not in there, and prices are looked up by model name alone."""
    local: bool = False
    """Runs on this machine: no key, no price, looked for at start."""
    demo: bool = False
    """Answers within this process, without a network."""
    wire: Wire = "chat"
    cloud: Cloud | None = None
    """The cloud that it is; `wire` is then that of all models but Claude."""
    access: AccessKind | None = None
    """What its keys are exchanged for, those of Entra's where they are an application's; None: all are sent as they
    are."""
    quirks: Quirks = DEFAULT
    """How it differs from OpenAI; for a `wire` of chat alone."""
    quirks_elsewhere: Quirks | None = None
    """The same for servers of this kind at other base URLs; None: as at its own."""
    quirks_dated: Quirks | None = None
    """The same for its API of a dated version; None: as for any."""
    auth: Auth = "bearer"
    models_path: str | None = "/models"
    """Of its model list; `..` goes up from the base URL. None: it has none, and channels name their models."""
    models_at_root: bool = False
    """Whether that path is the server's own, wherever its base URL leads."""
    models_auth: Auth = "bearer"
    models_headers: tuple[tuple[bytes, bytes], ...] = ()
    models_id: str = "id"
    """The field of a row of that list that the chat endpoint takes as a model."""
    azure: bool = False
    """Whether its addresses are those of Azure OpenAI."""
    describes: bool = False
    """Whether its model list says what each model takes."""
    id_prefix: str = ""
    """What its model list puts before the ids that its chat endpoint takes."""
    endpoints: frozenset[str] | None = None
    """The surfaces that its documentation has, `responses` aside; None: it may have any, and is asked."""
    responses: frozenset[str] | None = None
    """The kinds of tools and items, beyond functions, that its own `/responses` takes; None where it has none, or
    where it can do no more than its chat endpoint can."""
    sums_up: bool = False
    """Whether it has `/responses/compact`."""
    responses_elsewhere: bool = True
    """Whether another base URL of this kind is likely to have that endpoint too."""

    @property
    def free(self) -> bool:
        """Whether nobody is ever billed for what it serves, so that it needs no price."""
        return self.local or self.demo

    def wire_for(self, upstream_model: str) -> Wire:
        """The format that one of its models is asked in."""
        if self.cloud is not None and is_claude(upstream_model):
            return "anthropic"
        return self.wire

    @property
    def places(self) -> tuple[str, ...]:
        """The variables of the environment that its base URL has in it."""
        return tuple(PLACE.findall(self.base_url))

    @property
    def own_addresses(self) -> bool:
        """Whether each account has an address of its own, so that there is none to be elsewhere from."""
        return not self.base_url or bool(self.places)

    def elsewhere(self, base_url: str) -> bool:
        """Whether an address is that of another server than the provider's."""
        return base_url != self.base_url and not self.own_addresses

    def address(self, environ: Mapping[str, str]) -> str:
        """Its base URL, for the account that the environment names; empty where that names none."""
        url = self.base_url
        for name in self.places:
            value = environ.get(name, "").strip().rstrip("/")
            if not value:
                return ""
            url = url.replace(f"{{{name}}}", value)
        return self.base_url_of(url)

    def base_url_of(self, text: str) -> str:
        """The base URL in an address as its provider shows it."""
        if self.azure and text:
            return azure.base_url_of(text)
        return text

    def url(self, base_url: str, path: str, upstream_model: str) -> str:
        """The address of an endpoint: `path` below the base URL, with the version that this asks for."""
        if "?" not in base_url:
            return base_url + path
        base, _, query = base_url.partition("?")
        if self.dated(base_url):
            path = azure.deployment_path(path, upstream_model)
        return f"{base}{path}?{query}"

    def dated(self, base_url: str) -> bool:
        """Whether an address leads to an API of a dated version."""
        return self.azure and azure.is_dated(base_url)

    def at_hand(self, environ: Mapping[str, str]) -> bool:
        """Whether the environment holds its key, and says where it is."""
        return bool(self.key_ref(environ) and self.address(environ))

    def key_ref(self, environ: Mapping[str, str]) -> str:
        """A reference to the key that the environment holds; empty where it holds none."""
        if self.env and environ.get(self.env, "").strip():
            return f"env:{self.env}"
        parts = PART.findall(self.credential)
        if parts and all(environ.get(name, "").strip() for name in parts):
            return self.credential
        return ""

    def has(self, endpoint: str, base_url: str) -> bool:
        """Whether the server at an address may have what a surface asks for."""
        return self.endpoints is None or endpoint in self.endpoints or self.elsewhere(base_url)

    def answers(self, kinds: frozenset[str], base_url: str) -> bool:
        """Whether a Responses request with these kinds of tools and items can be passed on to it."""
        if self.responses is None or (self.elsewhere(base_url) and not self.responses_elsewhere):
            return False
        return self.responses is EVERY_KIND or kinds <= self.responses

    def compacts(self, base_url: str) -> bool:
        """Whether the server at an address sums up conversations of Responses itself."""
        return self.sums_up and self.answers(frozenset(), base_url)

    def exchanges(self, key: str | None) -> bool:
        """Whether a key is not sent itself, but what it is exchanged for."""
        if self.access == "entra":
            return key is not None and key.startswith(ENTRA)
        return self.access is not None

    def key_headers(self, key: str | None) -> list[tuple[bytes, bytes]]:
        """Headers that carry `key` to the chat endpoint; none without a key, or where it is exchanged first."""
        if self.exchanges(key):
            return []
        return _key_headers(self.auth, key)

    def list_headers(self, key: str | None) -> list[tuple[bytes, bytes]]:
        """Headers for the model list, which some providers serve from their native API."""
        return [*_key_headers(self.models_auth, key), *self.models_headers]


CLAUDE = re.compile(r"claude|\banthropic\.|^arn:aws[\w-]*:bedrock:[^/]+/[\w-]+$")
"""The ids that clouds give to models of Anthropic's. An ARN need not say what is behind it: of what is asked by one,
Claude alone has a format here."""


@functools.lru_cache(maxsize=1024)
def is_claude(upstream_model: str) -> bool:
    """Whether a cloud's id is one of Claude."""
    return CLAUDE.search(upstream_model) is not None


def _key_headers(auth: Auth, key: str | None) -> list[tuple[bytes, bytes]]:
    if not key:
        return []
    if auth == "bearer":
        return [(b"authorization", b"Bearer " + key.encode())]
    return [(auth.encode(), key.encode())]
