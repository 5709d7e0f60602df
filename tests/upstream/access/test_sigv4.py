"""Signatures against those that AWS publishes, and against botocore's."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from aihub_lite.upstream.access.sigv4 import AwsKeys, Headers, Scope, digest_of, signature_headers

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SCOPE = Scope("us-east-1", "service")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
HOST = "https://example.amazonaws.com"
FORM = (b"content-type", b"application/x-www-form-urlencoded")
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def signature(headers: Headers) -> str:
    """The signature in an `authorization` header."""
    return dict(headers)[b"authorization"].decode().rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "expected"),
    [
        ("GET", "/", (), b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", (), b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            (),
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        ("GET", "/?Param1=value1", (), b"", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        (
            "GET",
            f"/?{UNRESERVED}={UNRESERVED}",
            (),
            b"",
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        ("POST", "/?Param1=value1", (), b"", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        (
            "GET",
            "/" + UNRESERVED,
            (),
            b"",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        ("GET", "//", (), b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "//example//", (), b"", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        ("GET", "/example/..", (), b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "/./example", (), b"", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        (
            "POST",
            "/",
            (FORM,),
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_published_requests_have_their_published_signatures(
    method: str, path: str, headers: Headers, body: bytes, expected: str
) -> None:
    """AWS's test suite for Signature Version 4."""
    assert expected == signature(signature_headers(KEYS, SCOPE, AT, method, HOST + path, digest_of(body), headers))


def test_a_token_is_signed_with_the_rest() -> None:
    """The suite's `post-sts-header-before`."""
    token = (
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwth"
        "Ax7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAki"
        "Y9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
    )
    keys = AwsKeys(KEYS.access_key, KEYS.secret_key, token)

    headers = signature_headers(keys, SCOPE, AT, "POST", HOST, digest_of(b""))

    assert "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead" == signature(headers)


def test_the_whole_header_is_as_published() -> None:
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    expected = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )

    headers = signature_headers(KEYS, SCOPE, AT, "GET", HOST, digest_of(None))

    assert [(b"x-amz-date", b"20150830T123600Z"), (b"authorization", expected.encode())] == headers


def botocores(keys: AwsKeys, scope: Scope, method: str, url: str, headers: Headers, body: bytes) -> str:
    """The header that botocore signs a request with."""
    request = AWSRequest(method, url, {name.decode(): value.decode() for name, value in headers}, body)
    moment = datetime.fromtimestamp(AT, UTC)
    with mock.patch.object(auth, "get_current_datetime", lambda *_: moment, create=True):
        credentials = Credentials(keys.access_key, keys.secret_key, keys.token or None)
        auth.SigV4Auth(credentials, scope.service, scope.region).add_auth(request)
    return str(request.headers["Authorization"])


segment = st.text(st.sampled_from(UNRESERVED + "%:@!$'*+,;=() "), min_size=1, max_size=12)
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@given(
    keys=st.builds(AwsKeys, visible, visible, st.one_of(st.just(""), visible)),
    scope=st.builds(Scope, st.sampled_from(["us-east-1", "eu-central-1"]), st.sampled_from(["bedrock", "service"])),
    method=st.sampled_from(["GET", "POST"]),
    path=st.lists(segment, max_size=4),
    query=st.dictionaries(st.text(UNRESERVED, min_size=1, max_size=6), st.text(UNRESERVED, max_size=6), max_size=3),
    port=st.sampled_from(["", ":8443"]),
    body=st.binary(max_size=100),
    value=st.text(st.sampled_from("ab  c"), max_size=8),
)
def test_any_request_is_signed_as_botocore_signs_it(
    keys: AwsKeys,
    scope: Scope,
    method: str,
    path: list[str],
    query: dict[str, str],
    port: str,
    body: bytes,
    value: str,
) -> None:
    url = f"https://bedrock.example{port}/" + "/".join(quote(part, safe="") for part in path)
    if query:
        url += "?" + "&".join(f"{name}={text}" for name, text in query.items())
    headers = [(b"content-type", b"application/json"), (b"x-amz-thing", value.encode())]

    ours = signature_headers(keys, scope, AT, method, url, digest_of(body), headers)

    assert botocores(keys, scope, method, url, headers, body) == dict(ours)[b"authorization"].decode()


def test_a_body_in_pieces_has_the_digest_of_the_whole() -> None:
    class Pieces(list[bytes]):
        """Known in length, as forms are."""

    assert digest_of(b"abcdef") == digest_of(Pieces([b"ab", b"", b"cdef"]))


def test_keys_are_never_shown() -> None:
    assert "AwsKeys()" == repr(KEYS)
