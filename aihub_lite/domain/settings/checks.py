"""Checks of settings that are texts, as attrs calls validators: each raises ValueError with the name of the setting."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import attrs

from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.people.person import ROLES, check_email
from aihub_lite.domain.validation import checked_base_url
from aihub_lite.errors import InvalidRequest

SECRET_NAME = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
ADDRESS = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~/-]*)?", re.ASCII)
"""Without any character that a shell or a program reads as more than text: people copy lines with the address."""
HOST = re.compile(r"[\w.-]{1,253}|[0-9a-fA-F:.]{2,45}", re.ASCII)


def networks(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: every part is a network or an address."""
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"'{field.name}': {part!r} is not a network like 10.0.0.0/8") from None


def amount(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: an amount in USD, as text, since money never passes through a float."""
    try:
        nano_usd(text)
    except ValueError as error:
        raise ValueError(f"'{field.name}': {error}") from None


def web_address(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or the address of a web site."""
    if not text:
        return
    try:
        checked_base_url(text)
    except InvalidRequest as refusal:
        raise ValueError(f"'{field.name}': {refusal.message.partition(': ')[2]}") from None
    if not ADDRESS.fullmatch(text):
        raise ValueError(f"'{field.name}': must be http:// or https:// with a host and at most a plain path")


def issuer_address(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or an issuer's address, to the letter: it has to be the one that the issuer says itself."""
    if text and not ADDRESS.fullmatch(text):
        raise ValueError(f"'{field.name}': must be http:// or https:// with a host and at most a plain path")


def secret_name(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or the name of a variable. Settings are shown; what is secret stands in none."""
    if text and not SECRET_NAME.fullmatch(text):
        raise ValueError(f"'{field.name}': must be env: and the name of a variable")


def listen_address(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or an address and a port."""
    if text:
        try:
            host_and_port(text)
        except ValueError:
            raise ValueError(f"'{field.name}': must be like 127.0.0.1:9464 or [::1]:9464") from None


def host_and_port(text: str) -> tuple[str, int]:
    """An address and a port, as they stand in a setting; raises ValueError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or not port.isascii() or int(port) > 65535:
        raise ValueError(text)
    return str(ip_address(host)), int(port)


def host_name(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or a name or address of a machine, without a port."""
    if text and not HOST.fullmatch(text):
        raise ValueError(f"'{field.name}': must be the name or address of a machine; its port is a setting of its own")


def mail_address(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or an address of somebody."""
    if not text:
        return
    try:
        check_email(text)
    except InvalidRequest:
        raise ValueError(f"'{field.name}': must be an address like gateway@example.org") from None


def passphrase(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: empty, or where a passphrase is found. Settings are shown; what is secret stands in none."""
    if text and not SECRET_NAME.fullmatch(text) and not text.startswith("file:/"):
        raise ValueError(f"'{field.name}': must be env:NAME or file:/path")


def roles(_: object, field: attrs.Attribute[str], text: str) -> None:
    """A validator: words and the roles that they stand for."""
    for part in filter(None, text.split(",")):
        word, _, role = part.partition("=")
        if not word.strip() or role.strip() not in ROLES:
            raise ValueError(f"'{field.name}': {part!r} is not like gateway-admins=admin; roles are {', '.join(ROLES)}")


def without_version(text: object) -> object:
    """An address without the `/v1` that people copy along with it; what is no text is left to attrs to refuse."""
    if not isinstance(text, str):
        return text
    return text.rstrip("/").removesuffix("/v1").rstrip("/")
