"""Values that other programs encrypted, opened with the key that their operator has."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Protocol

import attrs

from aihub_lite.moving.move import Unreadable

GCM_NONCE = 12
GCM_MARK = "v2:gcm:"
"""Before values of LiteLLM's that are encrypted by AES-256-GCM; those of XSalsa20-Poly1305 have nothing before them."""
GPT_LOAD_SALT = b"gpt-load-encryption-v1"
GPT_LOAD_ROUNDS = 100_000
EXTRA = "pip install 'aihub-lite[sealed]'"


class NotOpened(Exception):
    """A value that the key does not open."""


class SealedBox(Protocol):
    """Opens values that were encrypted with one key."""

    def open(self, text: str) -> str:
        """What was encrypted; raises NotOpened."""


@attrs.frozen
class LitellmBox:
    """LiteLLM's: the key is the SHA-256 of the salt key, else of the master key."""

    secret: str = attrs.field(repr=False)

    def open(self, text: str) -> str:
        """What was encrypted; raises NotOpened, and Unreadable where a library is missing for it."""
        key = hashlib.sha256(self.secret.encode()).digest()
        if text.startswith(GCM_MARK):
            sealed = _decoded(text.removeprefix(GCM_MARK))
            return _opened_gcm(key, sealed)
        return _opened_nacl(key, _decoded(text))


@attrs.frozen
class GptLoadBox:
    """gpt-load's: hexadecimal, by a key that is drawn from ENCRYPTION_KEY."""

    key: bytes = attrs.field(repr=False)

    @classmethod
    def of(cls, secret: str) -> GptLoadBox:
        """For the value of ENCRYPTION_KEY; takes some 50 ms."""
        return cls(hashlib.pbkdf2_hmac("sha256", secret.encode(), GPT_LOAD_SALT, GPT_LOAD_ROUNDS, 32))

    def open(self, text: str) -> str:
        """What was encrypted; raises NotOpened, and Unreadable where a library is missing for it."""
        try:
            sealed = bytes.fromhex(text)
        except ValueError:
            raise NotOpened from None
        return _opened_gcm(self.key, sealed)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotOpened from None


def _opened_gcm(key: bytes, sealed: bytes) -> str:
    try:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  an extra
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    except ImportError:
        raise Unreadable(f"encrypted keys need one library more: {EXTRA}") from None
    try:
        return AESGCM(key).decrypt(sealed[:GCM_NONCE], sealed[GCM_NONCE:], None).decode()
    except (InvalidTag, ValueError):
        raise NotOpened from None


def _opened_nacl(key: bytes, sealed: bytes) -> str:
    try:
        import nacl.exceptions  # noqa: PLC0415  an extra
        import nacl.secret  # noqa: PLC0415
    except ImportError:
        raise Unreadable(f"encrypted keys need one library more: {EXTRA}") from None
    try:
        opened: Any = nacl.secret.SecretBox(key).decrypt(sealed)
        return str(opened.decode())
    except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError, ValueError):
        raise NotOpened from None
