"""ID tokens: whether an issuer has signed one, for this gateway and for this sign-in.

Source: OpenID Connect Core 1.0, 3.1.3.7. Signatures are joserfc's work, which is imported with the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aihub_lite.errors import AccessDenied, UpstreamBroken

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""With a public key each: `none` proves nothing, and a secret that both know would let either write a token."""
KINDS = frozenset({"RSA", "EC", "OKP"})
LEEWAY = 60
"""Seconds by which clocks may differ."""


def checked_claims(
    text: str, keys: Sequence[Mapping[str, Any]], issuer: str, client_id: str, nonce: str, now: float
) -> Mapping[str, Any]:
    """The claims of an ID token at Unix time `now`.

    Raises AccessDenied for one that is not the issuer's, or for another client, sign-in or time; UpstreamBroken where
    what verifies signatures is not installed.
    """
    claims = _signed(text, keys)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != issuer or client_id not in audiences:
        raise AccessDenied("The ID token is not for this gateway.")
    if len(audiences) > 1 and claims.get("azp") != client_id:
        raise AccessDenied("The ID token is not for this gateway.")
    if claims.get("nonce") != nonce:
        raise AccessDenied("The ID token is of another sign-in.")
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires + LEEWAY <= now:
        raise AccessDenied("The ID token has expired.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise AccessDenied("The ID token says of nobody whose it is.")
    return claims


def _signed(text: str, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        # Imported only here: a gateway without an issuer never needs it, and need not have it.
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415
    except ImportError:
        raise UpstreamBroken("Single sign-on needs the extra: pip install 'aihub-lite[sso]'.") from None
    try:
        key_set = KeySet.import_key_set({"keys": [dict(key) for key in keys if key.get("kty") in KINDS]})
        return jwt.decode(text, key_set, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError):
        raise AccessDenied("The issuer has not signed this ID token.") from None
