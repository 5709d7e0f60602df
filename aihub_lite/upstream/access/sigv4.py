"""AWS Signature Version 4 of one request, in headers.

IAM user guide, "AWS Signature Version 4 for API requests", November 2026. Services
other than S3 have their path encoded once more than it is sent, and none of those asked here is S3.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

import attrs

from aihub_lite.upstream.http1.request import Body, target_of

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-._~"
Headers = Sequence[tuple[bytes, bytes]]


@attrs.frozen
class AwsKeys:
    """What requests are signed with; `token` goes along where they are good for a while only."""

    access_key: str = attrs.field(repr=False)
    secret_key: str = attrs.field(repr=False)
    token: str = attrs.field(default="", repr=False)


@attrs.frozen
class Scope:
    """Where a signature is good."""

    region: str
    service: str


def signature_headers(
    keys: AwsKeys, scope: Scope, at: float, method: str, url: str, digest: str, headers: Headers = ()
) -> list[tuple[bytes, bytes]]:
    """What is sent beside `headers`, which are signed, as are the host and these themselves.

    `at` in Unix seconds; `digest` is the body's, as `digest_of` has it. Raises Unsendable for what is no URL.
    """
    target = target_of(url)
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    added = [(b"x-amz-date", moment.encode())]
    if keys.token:
        added.append((b"x-amz-security-token", keys.token.encode()))
    signed = [(b"host", target.host), *headers, *added]
    request = canonical_request(method, target.path.decode("ascii"), signed, digest)
    place = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = "\n".join((ALGORITHM, moment, place, sha256(request.encode()).hexdigest()))
    signature = hmac.new(_key(keys.secret_key, moment[:8], scope), text.encode(), sha256).hexdigest()
    credential = f"Credential={keys.access_key}/{place}"
    value = f"{ALGORITHM} {credential}, SignedHeaders={names_of(signed)}, Signature={signature}"
    return [*added, (b"authorization", value.encode())]


def digest_of(body: Body | None) -> str:
    """SHA-256 of a body, in hexadecimal digits."""
    if body is None or isinstance(body, bytes):
        return sha256(body or b"").hexdigest()
    hashed = sha256()
    for piece in body:
        hashed.update(piece)
    return hashed.hexdigest()


def canonical_request(method: str, path: str, headers: Headers, digest: str) -> str:
    """A request as it is signed; `path` with its query, as it is sent."""
    path, _, query = path.partition("?")
    lines = "".join(f"{name}:{value}\n" for name, value in _canonical(headers))
    return "\n".join((method, _path(path), _query(query), lines, names_of(headers), digest))


def names_of(headers: Headers) -> str:
    """The names of headers, as signatures list them."""
    return ";".join(name for name, _ in _canonical(headers))


def _canonical(headers: Headers) -> list[tuple[str, str]]:
    """By name in lower case; values of one name together, blanks around and in a row taken out."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode().lower(), []).append(" ".join(value.decode("latin-1").split()))
    return sorted((name, ",".join(held)) for name, held in values.items())


def _path(path: str) -> str:
    """Without dot segments and empty ones, and encoded: what is encoded already is so twice."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    normal = "/" + "/".join(segments)
    if segments and path.endswith(("/", "/.", "/..")):
        normal += "/"
    return quote(normal, safe="/" + UNRESERVED)


def _query(query: str) -> str:
    """By name, then by value; both are encoded already."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = [(quote(name, safe="%" + UNRESERVED), quote(value, safe="%" + UNRESERVED)) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _key(secret: str, day: str, scope: Scope) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return key
