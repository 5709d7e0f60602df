"""Bodies of `multipart/form-data`, written by hand so that they can be as wrong as a test wants."""

from __future__ import annotations

BOUNDARY = "----tests7MA4YWxkTrZu0gW"


def field(name: str, value: str | bytes, filename: str | None = None, kind: str = "") -> bytes:
    """One part, head and body; with a filename it is a file."""
    head = f'Content-Disposition: form-data; name="{name}"'
    head += "" if filename is None else f'; filename="{filename}"'
    head += f"\r\nContent-Type: {kind}" if kind else ""
    return head.encode() + b"\r\n\r\n" + (value.encode() if isinstance(value, str) else value)


def form(*parts: bytes, boundary: str = BOUNDARY) -> bytes:
    """A whole body."""
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def content_type(boundary: str = BOUNDARY) -> str:
    """The header field that goes with it."""
    return f"multipart/form-data; boundary={boundary}"


FILE = field("file", b"RIFF", "speech.wav", "audio/wav")
"""The smallest file."""
