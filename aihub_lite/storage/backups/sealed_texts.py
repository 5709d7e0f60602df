"""Seals short secrets with a passphrase, and opens them again: a program of its own, `python -m …sealed_texts`.

A key is made and sealed with the passphrase, and each secret is sealed with the key, so that one of them can be taken
out, moved or replaced without the others. All are files of age's in base64: `base64 -d | age -d > key` and
`base64 -d | age -d -i key` open them too. Why a program of its own is told in `sealing`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import attrs

MODULE = "aihub_lite.storage.backups.sealed_texts"
TIMEOUT = 120
"""Seconds. A key that somebody made on a far stronger machine is not worth more."""
FAULTS = {
    3: "what is sealed needs pyrage: pip install 'aihub-lite[backup]'",
    4: "the passphrase is not the one that it was sealed with",
    5: "sealed.key is no key of age's, or is damaged",
}
"""By exit status of the program."""


class SealRefused(Exception):
    """Why nothing is sealed or opened; one line for an operator, without a secret."""


@attrs.frozen
class SealedTexts:
    """Texts that only the passphrase opens."""

    key: str
    texts: Sequence[str]


def seal_texts(texts: Sequence[str], passphrase: str) -> SealedTexts:
    """Each by itself. Raises SealRefused; blocks for a second or more."""
    answer = _run({"texts": [*texts], "passphrase": passphrase})
    return SealedTexts(answer["key"], answer["texts"])


def open_texts(sealed: SealedTexts, passphrase: str) -> list[str | None]:
    """What was sealed; None for what this key does not open. Raises SealRefused; blocks for a second or more."""
    answer = _run({"texts": [*sealed.texts], "passphrase": passphrase, "key": sealed.key})
    return list(answer["texts"])


def _run(what: dict[str, Any]) -> Any:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter
            [sys.executable, "-m", MODULE],
            input=json.dumps(what).encode(),
            env=environ,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        raise SealRefused("the key takes too long to be opened") from None
    if done.returncode:
        # Of a fault of its own nothing is repeated: it may have been told in the words of a secret.
        raise SealRefused(FAULTS.get(done.returncode, "it cannot be sealed or opened"))
    return json.loads(done.stdout)


def _answer(texts: Sequence[str], passphrase: str, key: str | None = None) -> Any:
    if key is None:
        return _seal(texts, passphrase)
    return _open(texts, passphrase, key)


def _seal(texts: Sequence[str], passphrase: str) -> Any:
    import pyrage  # noqa: PLC0415  an extra

    identity = pyrage.x25519.Identity.generate()
    key = pyrage.passphrase.encrypt(f"{identity}\n".encode(), passphrase)
    recipients = [identity.to_public()]
    return {
        "key": b64encode(key).decode(),
        "texts": [b64encode(pyrage.encrypt(text.encode(), recipients)).decode() for text in texts],
    }


def _open(texts: Sequence[str], passphrase: str, key: str) -> Any:
    """What is answered, or the exit status that says why nothing is."""
    import pyrage  # noqa: PLC0415  an extra

    try:
        locked = b64decode(key, validate=True)
        if not locked.startswith(b"age-encryption.org/"):
            return 5
        identity = pyrage.x25519.Identity.from_str(pyrage.passphrase.decrypt(locked, passphrase).decode().strip())
    except pyrage.DecryptError:
        return 4
    except (ValueError, pyrage.IdentityError):
        return 5
    return {"texts": [_opened(text, identity) for text in texts]}


def _opened(text: str, identity: Any) -> str | None:
    import pyrage  # noqa: PLC0415  an extra

    try:
        plain: bytes = pyrage.decrypt(b64decode(text, validate=True), [identity])
        return plain.decode()
    except (ValueError, pyrage.DecryptError):
        return None


def main() -> int:
    """Takes what is to be done on stdin, which no list of processes shows; the exit status that `FAULTS` explains."""
    what = json.load(sys.stdin)
    try:
        answer = _answer(**what)
    except ModuleNotFoundError:
        return 3
    if isinstance(answer, int):
        return answer
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
