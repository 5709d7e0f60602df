"""A person whose token the gateway pauses gets a mail that says why, and who can resume it; so do admins, where no
alert tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from aihub_lite.domain.safety.runaway import Runaway
from tests.upstream.mail.post_office import PostOffice
from tests.web.admin.people.test_mail import ADA, URL, with_mail
from tests.web.console.visitor import Visitor

SEEN = {
    "spend": Runaway("spend", 12 * 10**9, 10**9, 12 * 10**9, 5),
    "requests": Runaway("requests", 5400, 300, 10**9),
    "repeated": Runaway("repeated", 40, 0, 10**9),
}
SAID = {
    ("spend", "en"): "it spent $12.00 within 5 min, usually $1.00 at most",
    ("requests", "en"): "it made 5,400 requests within 1 h, usually 300 at most",
    ("repeated", "en"): "it sent the same conversation 40 times within 1 h",
    ("spend", "zh"): "5 min 内花费 $12.00，平常最多 $1.00",
    ("requests", "zh"): "1 h 内请求 5,400 次，平常最多 300 次",
    ("repeated", "zh"): "1 h 内重复发送同一对话 40 次",
}
WHO = {
    ("off", "en"): "An admin can resume it.",
    ("on", "en"): "Then resume it on its page.",
    ("off", "zh"): "管理员可以恢复它。",
    ("on", "zh"): "然后可在其页面恢复。",
}


async def paused(visitor: Visitor, kind: str, **person: str | None) -> str:
    """A token of a person that the gateway pauses; returns its id."""
    made = await visitor.call("POST", "/people", {**ADA, **person}, status=201)
    token = await visitor.call("POST", "/tokens", {"name": "Ada: laptop", "person": made["id"]}, status=201)
    await visitor.gateway.pauses.pause("token", token["id"], SEEN[kind], 1_800_000_000_000)
    await visitor.gateway.mailer.settled()
    return str(token["id"])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("own_resume", ["off", "on"])
@pytest.mark.parametrize("kind", [*SEEN])
def test_a_letter_says_what_happened_and_who_resumes(tmp_path: Path, kind: str, own_resume: str, language: str) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        token_id = await paused(visitor, kind)
        (letter,) = office.letters
        text = letter.get_content()
        assert ("Ada <ada@example.org>", True) == (letter["To"], "laptop" in letter["Subject"])
        assert (True, True) == (SAID[kind, language] in text, WHO[own_resume, language] in text)
        assert f"{URL}/console/me/tokens/{token_id}" in text
        assert "Ada: laptop" not in text

    with_mail(tmp_path, story, mail_language=language, own_resume=own_resume)


def test_who_has_no_address_gets_none_and_the_pause_holds(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        token_id = await paused(visitor, "spend", email=None)
        assert ([], [token_id]) == (office.letters, [pause.id for pause in visitor.gateway.pauses.all])

    with_mail(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("en", "Your tokens are paused at", "Of them together: it spent $12.00 within 5 min"),
        ("zh", "的令牌已全部暂停", "它们合计：5 min 内花费 $12.00"),
    ],
)
def test_a_person_who_is_paused_with_all_of_theirs_gets_one_letter(
    tmp_path: Path, language: str, subject: str, said: str
) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        made = await visitor.call("POST", "/people", ADA, status=201)
        await visitor.call("POST", "/tokens", {"name": "Ada: laptop", "person": made["id"]}, status=201)
        await visitor.gateway.pauses.pause("person", made["id"], SEEN["spend"], 1_800_000_000_000)
        await visitor.gateway.mailer.settled()
        (letter,) = office.letters
        assert (True, True) == (subject in letter["Subject"], said in letter.get_content())
        assert f"{URL}/console/me/tokens" in letter.get_content()

    with_mail(tmp_path, story, mail_language=language)


GRACE = "Grace <grace@example.org>"


async def add_grace(visitor: Visitor, **fields: Any) -> None:
    """An admin who has an address."""
    fields = {"role": "admin", "email": "grace@example.org", **fields}
    await visitor.gateway.people.create_person("Grace", lambda person: attrs.evolve(person, **fields))


async def add_destination(visitor: Visitor, **fields: Any) -> None:
    """A webhook at which nobody is: what is sent there is not asked here."""
    await visitor.gateway.alerts.destinations.add("ops", "http://127.0.0.1:9/hook", "", fields)


def addressees(office: PostOffice) -> list[str]:
    """To whom the letters are, in any order."""
    return sorted(letter["To"] for letter in office.letters)


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("en", "Token Ada: laptop is paused at", "no destination of alerts hears of pauses"),
        ("zh", "的令牌 Ada: laptop 已暂停", "没有任何告警目标接收暂停通知"),
    ],
)
@pytest.mark.parametrize("role", ["admin", "owner"])
def test_admins_are_told_of_a_pause_where_no_alert_tells_them(
    tmp_path: Path, role: str, language: str, subject: str, said: str
) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await add_grace(visitor, role=role)
        token_id = await paused(visitor, "spend")
        assert ["Ada <ada@example.org>", GRACE] == addressees(office)
        (letter,) = [letter for letter in office.letters if letter["To"] == GRACE]
        text = letter.get_content()
        assert (True, True) == (subject in letter["Subject"], SAID["spend", language] in text)
        assert (True, True) == (f"{URL}/console/tokens/{token_id}" in text, said in text)
        assert f"aihub-lite token resume {token_id}" in text

    with_mail(tmp_path, story, mail_language=language)


def test_admins_are_told_of_a_token_that_is_no_persons(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await add_grace(visitor)
        token = await visitor.call("POST", "/tokens", {"name": "batch"}, status=201)
        await visitor.gateway.pauses.pause("token", token["id"], SEEN["spend"], 1_800_000_000_000)
        await visitor.gateway.mailer.settled()
        assert [GRACE] == addressees(office)

    with_mail(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("en", "Ada is paused at", "Of them together: it spent $12.00 within 5 min"),
        ("zh", "的 Ada 已暂停", "它们合计：5 min 内花费 $12.00"),
    ],
)
def test_admins_are_told_of_a_person_with_all_of_theirs(tmp_path: Path, language: str, subject: str, said: str) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await add_grace(visitor)
        made = await visitor.call("POST", "/people", {**ADA, "email": None}, status=201)
        await visitor.gateway.pauses.pause("person", made["id"], SEEN["spend"], 1_800_000_000_000)
        await visitor.gateway.mailer.settled()
        (letter,) = office.letters
        assert (True, True) == (subject in letter["Subject"], said in letter.get_content())
        assert f"{URL}/console/people/{made['id']}" in letter.get_content()

    with_mail(tmp_path, story, mail_language=language)


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ({}, False),
        ({"topics": ("runaway", "disk")}, False),
        ({"topics": ("disk",)}, True),
        ({"enabled": False}, True),
    ],
    ids=["of all", "of pauses among others", "of others alone", "disabled"],
)
def test_where_an_alert_tells_of_pauses_admins_have_no_mail_of_them(
    tmp_path: Path, destination: dict[str, Any], told: bool
) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await add_grace(visitor)
        await add_destination(visitor, **destination)
        await paused(visitor, "spend")
        assert told == (GRACE in addressees(office))
        assert "Ada <ada@example.org>" in addressees(office), "whose it is has theirs either way"

    with_mail(tmp_path, story)


@pytest.mark.parametrize(
    "fields", [{"role": "member"}, {"enabled": False}, {"email": None}], ids=["member", "disabled", "no address"]
)
def test_nobody_else_is_told_of_others_pauses(tmp_path: Path, fields: dict[str, Any]) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await add_grace(visitor, **fields)
        await paused(visitor, "spend")
        assert ["Ada <ada@example.org>"] == addressees(office)

    with_mail(tmp_path, story)


def test_an_admin_whose_own_token_is_paused_has_one_letter(tmp_path: Path) -> None:
    async def story(visitor: Visitor, office: PostOffice) -> None:
        await paused(visitor, "spend", role="admin")
        assert ["Ada <ada@example.org>"] == addressees(office)

    with_mail(tmp_path, story)
