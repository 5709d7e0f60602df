"""The reference of `/api/me`, for who signs in: one page, as Markdown made from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from aihub_lite.web.description.document import Description
from aihub_lite.web.docs.catalogue import OWN, DocPage
from aihub_lite.web.docs.markdown import ROOT
from aihub_lite.web.docs.operations import operations_in, page_of

SLUG = "me"
SIGN_IN = f"""```sh
curl -c session -H "Origin: {ROOT}" -d name=Ada --data-urlencode password@password.txt {ROOT}/console/sign-in
curl -b session {ROOT}/api/me/pot
curl -b session -H "Origin: {ROOT}" -d '{{"name": "laptop", "budget": "2/day"}}' {ROOT}/api/me/tokens
```"""
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your own API",
        "summary": "What you see and change at the console of your own, for programs: keys, credit, usage, requests.",
        "about": "Below `{root}/api/me`, for people who sign in to the [console](/console), with the cookie of their "
        "session; a key opens it as little as the admin key does. What changes something names this gateway as its "
        "`Origin`, as browsers do. Bodies and answers are JSON; a program reads all of this at "
        "`GET {root}/api/me/openapi.json`. What a key's holder may know without signing in stands at "
        "[`GET /v1/key`](/docs/authentication#what-your-key-may-do).",
    },
    "zh": {
        "title": "您自己的 API",
        "summary": "您在控制台看到和更改的自己的内容，供程序使用：密钥、额度、用量、请求。",
        "about": "各操作的说明为英文。\n\n位于 `{root}/api/me` 之下，供登录[控制台](/console)的人使用，"
        "凭其会话的 cookie；令牌密钥和管理密钥都打不开它。"
        "更改内容的请求像浏览器那样以本网关作为 `Origin`。"
        "请求体和回答都是 JSON；程序可在 `GET {root}/api/me/openapi.json` 读取全部内容。"
        "不登录、只凭密钥可以知道的内容见 [`GET /v1/key`](/docs/authentication#what-your-key-may-do)。",
    },
}


@attrs.define(eq=False)
class OwnReference:
    """The page by language, made when somebody first reads it: beside the event loop."""

    description: Description
    _languages: dict[str, DocPage] = attrs.field(factory=dict)

    def page(self, language: str) -> DocPage:
        """That of a language."""
        if language not in self._languages:
            self._languages[language] = self._made(language)
        return self._languages[language]

    def _made(self, language: str) -> DocPage:
        texts = TEXTS[language]
        operations = operations_in(self.description.document())
        about = f"{texts['about'].format(root=ROOT)}\n\n{SIGN_IN}"
        return page_of(
            operations,
            language,
            slug=SLUG,
            title=texts["title"],
            summary=texts["summary"],
            section=OWN,
            place=1,
            about=about,
        )
