"""What letters say, in the operator's language."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.domain.money import dollars, usd
from aihub_lite.domain.safety.pause import SafetyPause, span_text
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
PAUSE: Mapping[str, tuple[str, str]] = {
    "en": (
        "Your token {token} is paused at {place}",
        "Hello {name},\n\n"
        "{place} has paused your token {token} for safety: {why}.\n\n"
        "Requests that had begun went on; new ones are refused with 402. Please stop what asks so much. {who}\n\n"
        "{link}\n",
    ),
    "zh": (
        "您在 {place} 的令牌 {token} 已暂停",
        "{name}，您好：\n\n"
        "{place} 因安全原因暂停了您的令牌 {token}：{why}。\n\n"
        "已开始的请求照常完成；新请求会收到 402。请先停止异常的程序。{who}\n\n{link}\n",
    ),
}
PERSON_PAUSE: Mapping[str, tuple[str, str]] = {
    "en": (
        "Your tokens are paused at {place}",
        "Hello {name},\n\n"
        "{place} has paused all of your tokens for safety. Of them together: {why}.\n\n"
        "Requests that had begun went on; new ones are refused with 402. Please stop what asks so much. {who}\n\n"
        "{link}\n",
    ),
    "zh": (
        "您在 {place} 的令牌已全部暂停",
        "{name}，您好：\n\n"
        "{place} 因安全原因暂停了您的全部令牌。它们合计：{why}。\n\n"
        "已开始的请求照常完成；新请求会收到 402。请先停止异常的程序。{who}\n\n{link}\n",
    ),
}
"""Of a person with all of their tokens."""
ADMIN_PAUSE: Mapping[str, tuple[str, str]] = {
    "en": (
        "Token {holder} is paused at {place}",
        "Hello {name},\n\n"
        "{place} has paused the token {holder} for safety: {why}.\n\n"
        "Requests that had begun went on; new ones are refused with 402. Have what asks so much stopped; then resume "
        "the token on its page, or with: aihub-lite token resume {id}\n\n{link}\n\n"
        "You get this mail since no destination of alerts hears of pauses: {alerts}\n",
    ),
    "zh": (
        "{place} 的令牌 {holder} 已暂停",
        "{name}，您好：\n\n"
        "{place} 因安全原因暂停了令牌 {holder}：{why}。\n\n"
        "已开始的请求照常完成；新请求会收到 402。请先让异常的程序停止，然后在其页面恢复该令牌，或运行："
        "aihub-lite token resume {id}\n\n{link}\n\n"
        "因为没有任何告警目标接收暂停通知，所以您收到此邮件：{alerts}\n",
    ),
}
ADMIN_PERSON_PAUSE: Mapping[str, tuple[str, str]] = {
    "en": (
        "{holder} is paused at {place}",
        "Hello {name},\n\n"
        "{place} has paused {holder} with all of their tokens for safety. Of them together: {why}.\n\n"
        "Requests that had begun went on; new ones are refused with 402. Have what asks so much stopped; then resume "
        "the person on their page, or with: aihub-lite person resume {id}\n\n{link}\n\n"
        "You get this mail since no destination of alerts hears of pauses: {alerts}\n",
    ),
    "zh": (
        "{place} 的 {holder} 已暂停",
        "{name}，您好：\n\n"
        "{place} 因安全原因暂停了 {holder} 及其全部令牌。它们合计：{why}。\n\n"
        "已开始的请求照常完成；新请求会收到 402。请先让异常的程序停止，然后在其页面恢复该用户，或运行："
        "aihub-lite person resume {id}\n\n{link}\n\n"
        "因为没有任何告警目标接收暂停通知，所以您收到此邮件：{alerts}\n",
    ),
}
"""Of what is somebody else's, a team's or the gateway's own."""
WHY: Mapping[str, Mapping[str, str]] = {
    "en": {
        "spend": "it spent {seen_usd} within {span}, usually {usual_usd} at most",
        "requests": "it made {seen} requests within {span}, usually {usual} at most",
        "repeated": "it sent the same conversation {seen} times within {span}",
        "manual": "it was paused by hand",
    },
    "zh": {
        "spend": "{span} 内花费 {seen_usd}，平常最多 {usual_usd}",
        "requests": "{span} 内请求 {seen} 次，平常最多 {usual} 次",
        "repeated": "{span} 内重复发送同一对话 {seen} 次",
        "manual": "被手动暂停",
    },
}
RESUMES: Mapping[str, tuple[str, str]] = {
    "en": ("An admin can resume it.", "Then resume it on its page."),
    "zh": ("管理员可以恢复它。", "然后可在其页面恢复。"),
}
"""By whether its owner may."""
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

    def paused(self, to: str, name: str, token: str | None, pause: SafetyPause, *, own_resume: bool) -> Letter:
        """To a person: the gateway has paused their token, which they call `token`, or all of theirs where that is
        None."""
        why = self._why(pause)
        who = RESUMES[self.language][own_resume]
        if token is None:
            link = f"{self.url}/console/me/tokens"
            return self._letter(PERSON_PAUSE, to, name, name=name, why=why, who=who, link=link)
        link = f"{self.url}/console/me/tokens/{pause.id}"
        return self._letter(PAUSE, to, name, name=name, token=token, why=why, who=who, link=link)

    def paused_of_others(self, to: str, admin: str, holder: str, pause: SafetyPause) -> Letter:
        """To an admin: the gateway has paused a token, or a person, of that name."""
        texts, page = ADMIN_PAUSE, "tokens"
        if pause.holder == "person":
            texts, page = ADMIN_PERSON_PAUSE, "people"
        link, alerts = f"{self.url}/console/{page}/{pause.id}", f"{self.url}/console/alerts"
        facts = {"name": admin, "holder": holder, "id": pause.id, "why": self._why(pause)}
        return self._letter(texts, to, admin, **facts, link=link, alerts=alerts)

    def trial(self, to: str) -> Letter:
        """That letters come through."""
        return self._letter(TRIAL, to, "")

    def _why(self, pause: SafetyPause) -> str:
        """What happened, in the operator's language."""
        return WHY[self.language][pause.kind].format(
            seen=f"{pause.seen:,}",
            usual=f"{pause.usual:,}",
            seen_usd=dollars(usd(pause.seen)),
            usual_usd=dollars(usd(pause.usual)),
            span=span_text(pause),
        )

    def _letter(self, texts: Mapping[str, tuple[str, str]], to: str, addressee: str, **facts: object) -> Letter:
        subject, text = texts[self.language]
        facts["place"] = self.place
        return Letter(to=to, name=addressee, subject=subject.format(**facts), text=text.format(**facts))
