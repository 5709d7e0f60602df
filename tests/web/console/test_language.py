"""Two languages, one set of texts."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from aihub_lite.gateway.routing.fault_policy import Fault
from aihub_lite.web.console.language import LANGUAGES, language_for
from aihub_lite.web.console.pages import FOLDER
from tests.web.console.visitor import Visitor, at_console

USED = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""")


def test_every_language_has_every_text() -> None:
    english = LANGUAGES["en"].texts
    for language in LANGUAGES.values():
        assert english.keys() == language.texts.keys()
        assert all(language.texts.values())


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_nought_stands_for_is_said_in_a_sentence(tag: str) -> None:
    """ "0: none." was read as no requests at all, and meant no limit."""
    texts = LANGUAGES[tag].texts
    assert [] == [key for key, text in texts.items() if re.search(r"(?<!\d)0[:：]", text)]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_fault_of_a_channel_has_words(tag: str) -> None:
    """The overview said that a channel cools down after faults, and below it "nonsense"."""
    said = {key.removeprefix("fault.") for key in LANGUAGES[tag].texts if key.startswith("fault.")}
    assert {*get_args(Fault)} == said


def test_only_people_have_a_persons_name_in_chinese() -> None:
    """Teams, tokens and channels are called something else than people: 名称, and not 姓名."""
    named = {key for key, text in LANGUAGES["zh"].texts.items() if "姓名" in text}
    assert {"people.name", "people.search", "sign_in.name", "refusal.address_is_name"} == named


def test_tokens_alone_are_keys() -> None:
    """The list of keys and the count of what a model reads had one name: a label that begins with it means keys."""
    label = re.compile(r"tokens?(?!/)\b[^.]{0,24}$", re.IGNORECASE)
    named = [key for key, text in LANGUAGES["en"].texts.items() if label.match(text)]
    chinese = LANGUAGES["zh"].texts
    assert [] == [key for key in named if "Token" in chinese[key] or "令牌" not in chinese[key]]


def test_chinese_has_one_word_for_each_thing() -> None:
    """A token of a model was Token, token and 令牌, and the documentation had another word for who sells models."""
    other = re.compile(
        r"令牌数(?!量)|提供商|提示超过|的提示[，,]|(?<=[\u4e00-\u9fff/，。] )token\b|\btoken(?= ?[\u4e00-\u9fff])"
    )
    assert [] == [key for key, text in LANGUAGES["zh"].texts.items() if other.search(text)]


def test_what_stands_in_a_list_has_no_comma_of_its_own() -> None:
    """ "rate limits upstream, or its own" was two reasons of a route's list of them."""
    reasons = {key: text for key, text in LANGUAGES["en"].texts.items() if key.startswith("reason.")}
    assert [] == [key for key, text in reasons.items() if "," in text]


def test_no_template_joins_a_list_by_the_commas_of_one_language() -> None:
    joined = re.compile(r"""join\(["'][,;]|\{\{ *["'][,;] """)
    assert [] == [path.name for path in FOLDER.rglob("*.html") if joined.search(path.read_text("utf-8"))]


def test_a_translation_fills_in_the_same_fields() -> None:
    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english = LANGUAGES["en"].texts
    for language in LANGUAGES.values():
        assert [] == [key for key, text in language.texts.items() if fields(text) != fields(english[key])]


def test_every_text_of_a_template_is_in_the_catalogue() -> None:
    wanted = {key for path in FOLDER.rglob("*.html") for key in USED.findall(path.read_text())}
    assert len(wanted) > 10
    assert set() == wanted - LANGUAGES["en"].texts.keys()


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr, en;q=0.5, zh;q=0.4", "en"),
        (None, "fr;q=0.9, zh;q=0.1", "zh"),
        (None, "zh;q=0", "en"),
        (None, "zh;q=high,*", "en"),
        (None, "zh;q=nan,en;q=0.5", "en"),
        (None, "en;q=0.5,zh;q=nan", "en"),
        (None, "zh;q=inf,en;q=0.5", "en"),
        (None, "zh;q=-1", "en"),
        (None, "zh;q=-1,fr", "en"),
        (None, "en;q=0.5, zh; q=0.9", "zh"),
        (None, "en;q=0.5, zh ;Q=0.9", "zh"),
        ("en", "zh", "en"),
        ("xx", "zh", "zh"),
    ],
)
def test_a_reader_gets_the_chosen_or_best_accepted_language(chosen: str | None, accepted: str, expected: str) -> None:
    assert expected == language_for(chosen, accepted).tag


def test_a_chosen_language_and_theme_are_kept(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.post("/console/taste", {"language": "zh", "then": "/console/sign-in"})
        answer = await visitor.post("/console/taste", {"theme": "dark", "then": "/console/sign-in"})
        assert "/console/sign-in" == answer.headers["location"]
        assert '<html lang="zh" data-theme="dark">' in await visitor.page("/console/sign-in")

    at_console(tmp_path, story)


def test_a_made_up_theme_or_language_becomes_the_default(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        visitor.http.cookies.set("aihub_theme", '"><script>')
        visitor.http.cookies.set("aihub_language", "../x")
        assert '<html lang="en" data-theme="auto">' in await visitor.page("/console/sign-in")

    at_console(tmp_path, story)
