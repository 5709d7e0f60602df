"""A person whose token the gateway pauses gets a mail that says why, and who can resume it."""

from __future__ import annotations

from pathlib import Path

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
