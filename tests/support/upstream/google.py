"""Google's side of a service account: its key, the endpoint that exchanges a signed claim for a token, and what the
models at Vertex answer."""

from __future__ import annotations

import functools
import itertools
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

import attrs
import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support.upstream.answers import json_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.steps import Script

PROJECT = "some-project"
EMAIL = "gateway@some-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom google-auth makes claims out to, whichever endpoint it sends them to."""
LIFETIME = 3600
SIGNATURE = "c2lnbmVkIGJ5IHRoZSBtb2RlbA=="


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    """One for the whole run: making it takes a while."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def service_account(token_uri: str) -> dict[str, str]:
    """The key file of a service account, with what Google writes into it."""
    private = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1f2e3d4c5b6a",
        "private_key": private.decode(),
        "client_email": EMAIL,
        "client_id": "1234567890",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
    }


@attrs.define(eq=False)
class TokenEndpoint:
    """Gives `ya29.token-1`, `ya29.token-2`… for claims that the account has signed, and refuses all others."""

    uri: str = ""
    """Its own address."""
    lifetime: int = LIFETIME
    given: list[str] = attrs.field(factory=list)
    _numbers: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1))

    def __call__(self, request: Request) -> Script:
        form = parse_qs(request.body.decode())
        if not self._is_signed(form["assertion"][0]):
            return json_answer(401, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        self.given.append(f"ya29.token-{next(self._numbers)}")
        token = {"access_token": self.given[-1], "expires_in": self.lifetime, "token_type": "Bearer"}
        return json_answer(200, token)

    def _is_signed(self, assertion: str) -> bool:
        signed, _, signature = assertion.rpartition(".")
        claim: dict[str, Any] = msgspec.json.decode(_unpadded(signed.partition(".")[2]))
        private_key().public_key().verify(_unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return (claim["iss"], claim["scope"], claim["aud"]) == (EMAIL, SCOPE, AUDIENCE)


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def gemini_answer(text: str = "hello there") -> dict[str, Any]:
    """A whole answer, or the only event of a stream, with a call that is signed."""
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 5, "totalTokenCount": 105, "trafficType": "ON_DEMAND"}
    call = {"functionCall": {"name": "look_up", "args": {"city": "Oslo"}}}
    content = {"role": "model", "parts": [{"text": text}, {**call, "thoughtSignature": SIGNATURE}]}
    return {
        "candidates": [{"content": content, "finishReason": "STOP"}],
        "usageMetadata": {**usage, "cachedContentTokenCount": 40},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r-1",
    }


def claude_answer(text: str = "hello there") -> dict[str, Any]:
    """A whole message, with a thought that is signed and a call."""
    usage = {"input_tokens": 60, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 0, "output_tokens": 5}
    return {
        "id": "msg_vrtx_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": SIGNATURE},
            {"type": "text", "text": text},
            {"type": "tool_use", "id": "toolu_vrtx_1", "name": "look_up", "input": {"city": "Oslo"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": usage,
    }


def claude_events(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as the events of a stream."""
    start = {**message, "content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(message["content"]):
        opening, deltas = _pieces(block)
        events.append({"type": "content_block_start", "index": index, "content_block": opening})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": message["usage"]})
    return [*events, {"type": "message_stop"}]


def _pieces(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        signature = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [thought, signature]
    if block["type"] == "tool_use":
        arguments = msgspec.json.encode(block["input"]).decode()
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": arguments}]
    return {**block, "text": ""}, [{"type": "text_delta", "text": block["text"]}]


def vertex(request: Request) -> Script:
    """A model at Vertex that does well, asked at any of its paths."""
    verb = request.path.partition("?")[0].rpartition(":")[2]
    return {
        "generateContent": lambda: json_answer(200, gemini_answer()),
        "streamGenerateContent": lambda: sse(gemini_answer(), done=False),
        "rawPredict": lambda: json_answer(200, claude_answer()),
        "streamRawPredict": lambda: sse(*claude_events(claude_answer()), done=False),
    }[verb]()
