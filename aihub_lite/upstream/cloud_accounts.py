"""What a channel at a cloud has beside its models: credentials in other forms than a key, and a place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

import msgspec

from aihub_lite.domain.channel import APPLICATION_DEFAULT, ENTRA, FILE, ChannelKey
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream import bedrock
from aihub_lite.upstream.access import aws, google
from aihub_lite.upstream.access.access import AccessKind
from aihub_lite.upstream.access.application import entra_application
from aihub_lite.upstream.providers import Provider
from aihub_lite.upstream.vertex import GLOBAL, base_url_of, place_of
from aihub_lite.wire.json_types import JsonObject, text_at

LIBRARIES: Mapping[AccessKind, ModuleType] = {"aws": aws, "google": google}
KEPT = frozenset({"type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "token_uri"}) | {
    "universe_domain",
    "client_secret",
    "refresh_token",
    "quota_project_id",
}
"""Fields of a credentials file that are of use; the rest are addresses of pages."""


def credential_refs(keys: Sequence[str], provider: Provider) -> tuple[str, ...]:
    """The keys of a body as a channel keeps them; for a cloud without any, what its own tools would use there.

    Raises InvalidRequest.
    """
    if provider.access is None or provider.access == "entra":
        if any(key.startswith((FILE, aws.PROFILE)) for key in keys):
            raise InvalidRequest("keys: file: and profile: are for clouds; give env:NAME or the key itself")
        if any(key.startswith(ENTRA) and entra_application(key) is None for key in keys):
            raise InvalidRequest("keys: entra: must be followed by TENANT/CLIENT/SECRET, each may be env:NAME")
        return tuple(keys)
    refs = tuple(key.strip() for key in keys) or (APPLICATION_DEFAULT,)
    if provider.access == "google":
        refs = tuple(_credential_ref(ref) for ref in refs)
    library = LIBRARIES[provider.access]
    if not all(library.is_api_key(ref) for ref in refs) and not library.installed():
        raise InvalidRequest(f"keys: {library.MISSING}")
    return refs


def _credential_ref(key: str) -> str:
    if key.startswith(FILE) and not key.startswith(FILE + "/"):
        raise InvalidRequest("keys: file: must be followed by a path from the root, on the gateway's machine")
    if not key.startswith("{"):
        return key
    fields = {name: value for name, value in _fields_of(key).items() if name in KEPT}
    if not fields.keys() >= {"private_key", "client_email"} and not fields.keys() >= {"refresh_token", "client_id"}:
        raise InvalidRequest("keys: this JSON is not the key of a service account")
    # On one line and without blanks, as any key; in JSON they may be written so.
    return json.dumps(fields, separators=(",", ":")).replace(" ", "\\u0020")


def _fields_of(key: str) -> JsonObject:
    try:
        return msgspec.json.decode(key, type=JsonObject)
    except msgspec.DecodeError:
        raise InvalidRequest("keys: a key that begins with { must be JSON") from None


def credential_hint(ref: str) -> str | None:
    """What may be shown of a credential that is not a key; None for one that is."""
    if ref == APPLICATION_DEFAULT:
        return "application default"
    if ref.startswith((FILE, aws.PROFILE)):
        return ref
    if ref.startswith("{"):
        return text_at(_fields_of(ref), "client_email") or "of a person"
    return None


def vertex_base_url(provider: Provider, project: str, region: str, keys: Iterable[ChannelKey]) -> str:
    """Where a channel at Vertex is asked: at its project's, or its service account's; raises InvalidRequest."""
    refs = [key.ref.value for key in keys]
    project = project or next((found for ref in refs if (found := _project_in(ref))), "")
    if project:
        return base_url_of(project, region or GLOBAL)
    if region or not all(google.is_api_key(ref) for ref in refs):
        raise InvalidRequest("project: say which Google Cloud project it is")
    return provider.base_url


def _project_in(ref: str) -> str:
    if not ref.startswith("{"):
        return ""
    return text_at(_fields_of(ref), "project_id")


def moved(provider: Provider, base_url: str, project: str, region: str) -> str:
    """The base URL after a change of project or region; what is not given stays. Raises InvalidRequest."""
    if provider.cloud == "bedrock" and not project:
        return bedrock.moved(base_url, region)
    if provider.cloud != "vertex":
        raise InvalidRequest("project: only channels of Vertex AI have a project and a region")
    old_project, old_region = place_of(base_url)
    if not (project or old_project):
        raise InvalidRequest("project: say which Google Cloud project it is")
    return base_url_of(project or old_project, region or old_region or GLOBAL)
