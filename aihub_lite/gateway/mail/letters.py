"""What letters say, in the operator's language."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.upstream.mail.sending import Letter

LANGUAGES = ("en", "zh")
INVITATION: Mapping[str, tuple[str, str]] = {
    "en": (
        "Your invitation to {place}",
        "Hello {name},\n\n"
        "this link lets you in at {place}, once and until {until} UTC:\n\n{link}\n\n"
        "Whoever has the link can use it: do not pass it on. If you know nothing of an invitation, ignore this mail.\n",
    ),
    "zh": (
        "{place} 邀请您加入",
        "{name}，您好：\n\n"
        "用下面的链接即可进入 {place}，仅可使用一次，有效期至 {until}（UTC）：\n\n{link}\n\n"
        "任何人拿到此链接都可以使用，请勿转发。如果您不知道此邀请，请忽略本邮件。\n",
    ),
}
CREDIT: Mapping[str, tuple[str, str]] = {
    "en": (
        "{name} asks for {usd} USD",
        "{name} asks for {usd} USD of credit at {place}.{note}\n\n"
        "Give or refuse it: {link}\nOr: aihub-lite credit give {number}\n",
    ),
    "zh": (
        "{name} 申请 {usd} 美元额度",
        "{name} 在 {place} 申请 {usd} 美元额度。{note}\n\n批准或拒绝：{link}\n或者：aihub-lite credit give {number}\n",
    ),
}
NOTE: Mapping[str, str] = {"en": "\nThe reason: {note}", "zh": "\n理由：{note}"}
TRIAL: Mapping[str, tuple[str, str]] = {
    "en": ("A test mail of {place}", "The mail settings of {place} work.\n"),
    "zh": ("{place} 的测试邮件", "{place} 的邮件设置正常。\n"),
}


@attrs.frozen
class LetterWriter:
    """Writes letters of one gateway: at `url`, in a language of LANGUAGES."""

    url: str
    language: str

    @property
    def place(self) -> str:
        """What a reader knows the gateway by."""
        return self.url.partition("://")[2] or "aihub-lite"

    def invitation(self, to: str, name: str, path: str, until: str) -> Letter:
        """The link at `path`; `until` as readers have dates."""
        return self._letter(INVITATION, to, name, name=name, link=f"{self.url}{path}", until=until)

    def credit_request(self, to: str, admin: str, name: str, usd: str, note: str, number: int) -> Letter:
        """To an admin: somebody of that name asks for `usd`."""
        said = ""
        if note:
            said = NOTE[self.language].format(note=note)
        link = f"{self.url}/console/pots"
        return self._letter(CREDIT, to, admin, name=name, usd=usd, note=said, number=number, link=link)

    def trial(self, to: str) -> Letter:
        """That letters come through."""
        return self._letter(TRIAL, to, "")

    def _letter(self, texts: Mapping[str, tuple[str, str]], to: str, addressee: str, **facts: object) -> Letter:
        subject, text = texts[self.language]
        facts["place"] = self.place
        return Letter(to=to, name=addressee, subject=subject.format(**facts), text=text.format(**facts))
