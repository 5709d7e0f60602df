"""Addresses of databases, as people and other programs write them."""

from __future__ import annotations

import pytest

from aihub_lite.moving.move import Unreadable
from aihub_lite.moving.mysql import address_of, is_address
from aihub_lite.moving.one_api import read
from aihub_lite.moving.opening import place_of_database


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mysql://root:p%40ss@db:3307/oneapi", ("root", "p@ss", "db", 3307, "", "oneapi")),
        ("mariadb://db/oneapi", ("root", "", "db", 3306, "", "oneapi")),
        ("root:123456@tcp(localhost:3306)/oneapi", ("root", "123456", "localhost", 3306, "", "oneapi")),
        ("root:a@b:/(c)@tcp(db)/newapi?loc=Asia/Shanghai", ("root", "a@b:/(c)", "db", 3306, "", "newapi")),
        ("me@unix(/run/mysqld.sock)/gpt-load", ("me", "", "localhost", 3306, "/run/mysqld.sock", "gpt-load")),
        ("me@tcp([::1]:3306)/x", ("me", "", "::1", 3306, "", "x")),
    ],
)
def test_an_address_says_who_asks_where(text: str, found: tuple[object, ...]) -> None:
    assert is_address(text)
    address = address_of(text)
    at = (address.user, address.password, address.host, address.port, address.socket, address.database)
    assert found == at
    assert not address.password or address.password not in f"{address} {place_of_database(text)}"


@pytest.mark.parametrize("text", ["/home/me/one-api.db", "one-api.db", "C:\\one-api.db", "a@b(c)/d.db"])
def test_a_file_is_no_address(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mysql://root:secret@db:x/oneapi", "is not a URL"),
        ("root:secret@tcp(db:x)/oneapi", "is not one like"),
        ("mysql://root:secret@127.0.0.1/oneapi?loc=Nowhere", "no time zone"),
        ("mysql://root:secret@127.0.0.1:9/oneapi", "127.0.0.1/oneapi cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_secret(text: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told) as refusal:
        read(text)
    assert "secret" not in str(refusal.value)
