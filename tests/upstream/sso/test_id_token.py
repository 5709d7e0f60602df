"""Which ID tokens are believed."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from aihub_lite.errors import AccessDenied, UpstreamBroken
from aihub_lite.upstream.sso.id_token import LEEWAY, checked_claims
from aihub_lite.upstream.sso.issuer import challenge_of, endpoints_in, keys_in

ISSUER = "https://id.example"
NOW = 1_800_000_000
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
CLAIMS = {"iss": ISSUER, "aud": "gateway", "nonce": "n", "exp": NOW + 300, "sub": "ada"}


def signed(key: Any = KEY, algorithm: str = "ES256", **claims: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": "one"}, {**CLAIMS, **claims}, key, algorithms=[algorithm])


def believed(text: str, *keys: Any) -> Any:
    public = [key.as_dict(private=False) for key in keys or (KEY,)]
    return checked_claims(text, public, ISSUER, "gateway", "n", NOW)


def test_a_token_that_its_issuer_has_signed_is_believed() -> None:
    assert "ada" == believed(signed())["sub"]


def test_a_token_of_an_rsa_key_is_believed_too() -> None:
    key = RSAKey.generate_key(2048, {"kid": "one"})
    assert "ada" == believed(signed(key, "RS256"), key)["sub"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["gateway", "another"]},
        {"aud": ["gateway", "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": NOW - LEEWAY},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"sub": ""},
        {"sub": None},
        {"sub": "x" * 256},
    ],
)
def test_a_token_for_somebody_or_some_time_else_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(AccessDenied):
        believed(signed(**claims))


def test_a_token_for_several_is_believed_where_it_is_ours() -> None:
    assert "ada" == believed(signed(aud=["another", "gateway"], azp="gateway"))["sub"]


def test_a_token_of_another_key_is_refused() -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    with pytest.raises(AccessDenied):
        believed(signed(other))


def test_a_token_that_a_shared_secret_has_signed_is_refused() -> None:
    """Whoever knows the client's secret could write one for anybody."""
    secret = OctKey.import_key("s" * 32, {"kid": "one"})
    with pytest.raises(AccessDenied):
        believed(signed(secret, "HS256"), secret)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "." * 5])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(AccessDenied):
        believed(text)


# What an issuer says of itself

DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


def test_an_issuer_may_end_its_name_in_a_slash() -> None:
    endpoints = endpoints_in({**DOCUMENT, "issuer": f"{ISSUER}/"}, ISSUER)
    assert (f"{ISSUER}/", "", True) == (endpoints.issuer, endpoints.userinfo, endpoints.basic)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "http://id.example/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_an_issuer_that_says_nothing_of_use_is_not_asked(change: dict[str, Any]) -> None:
    with pytest.raises(UpstreamBroken):
        endpoints_in({**DOCUMENT, **change}, ISSUER)


def test_keys_that_encrypt_are_left_out() -> None:
    keys: list[Any] = [{"kty": "RSA", "use": "enc"}, {"kty": "EC"}, "x"]
    assert [{"kty": "EC"}] == keys_in({"keys": keys})


def test_a_challenge_is_that_of_the_standards_own_example() -> None:
    """RFC 7636, appendix B."""
    assert "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
