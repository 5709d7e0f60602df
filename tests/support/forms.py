"""Bodies of `multipart/form-data`, written by hand so that they can be as wrong as a test wants."""

from __future__ import annotations

from email import message_from_bytes

BOUNDARY = "----tests7MA4YWxkTrZu0gW"


def field(name: str, value: str | bytes, filename: str | None = None, kind: str = "") -> bytes:
    """One part, head and body; with a filename it is a file."""
    head = f'Content-Disposition: form-data; name="{name}"'
    head += "" if filename is None else f'; filename="{filename}"'
    head += f"\r\nContent-Type: {kind}" if kind else ""
    return head.encode() + b"\r\n\r\n" + (value.encode() if isinstance(value, str) else value)


def form(*parts: bytes, boundary: str = BOUNDARY) -> bytes:
    """The body of a form with these parts, closed."""
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def content_type(boundary: str = BOUNDARY) -> str:
    """The header field that goes with it."""
    return f"multipart/form-data; boundary={boundary}"


FILE = field("file", b"RIFF", "speech.wav", "audio/wav")
"""The smallest file."""


def parts_of(content_type: str, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """Filename and content by name, as the standard library reads a form."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts: dict[str, tuple[str | None, bytes]] = {}
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            parts[str(part.get_param("name", header="content-disposition"))] = (part.get_filename(), content)
    return parts
