"""Whose signature a request has, as AWS would judge it: botocore signs it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

VALUE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request, SignedHeaders=([\w;-]+), "
    r"Signature=[0-9a-f]{64}"
)
SKEW = 300
"""Seconds that a request's date may be off."""


def signed_by(
    secrets: Mapping[str, str],
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    now: float | None = None,
) -> str:
    """The access key that a request is signed by, of those whose secrets are known; AssertionError if it is not."""
    fields = dict(headers)
    value = fields["authorization"]
    match = VALUE.fullmatch(value)
    assert match is not None, value
    access_key, region, service, names = match.groups()
    moment = datetime.strptime(fields["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert now is None or abs(moment.timestamp() - now) < SKEW
    kept = {name: fields[name] for name in names.split(";") if name not in ("host", "x-amz-date")}
    token = kept.pop("x-amz-security-token", None)
    request = AWSRequest(method, url, kept, body)
    with mock.patch.object(auth, "get_current_datetime", lambda *_: moment):
        auth.SigV4Auth(Credentials(access_key, secrets[access_key], token), service, region).add_auth(request)
    assert request.headers["Authorization"] == value
    return access_key
