"""The documentation for programs: `llms.txt` (llmstxt.org), and every page as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from aihub_lite.domain.hosted import HOSTED
from aihub_lite.domain.money import UNIT_RATES, exact_dollars
from aihub_lite.web.console.language import Language
from aihub_lite.web.console.models import KINDS
from aihub_lite.web.docs.catalogue import DocPage, Pages
from aihub_lite.web.docs.markdown import fill_plain
from aihub_lite.web.views import Json

SUFFIX = ".md"
"""After a page's address: the same as Markdown."""


def page_markdown(page: DocPage, values: dict[str, str], models: Iterable[Json] = ()) -> str:
    """One page, with its title and with this gateway's address in its examples; models that it lists come first."""
    text = fill_plain(f"# {page.title}\n\n> {page.summary}\n\n{page.text}", values)
    lines = [f"- [{model['id']}]({values['root']}/docs/models/{quote(model['id'])}{SUFFIX})\n" for model in models]
    if not lines:
        return text
    intro, heading, rest = text.partition("\n## ")
    return f"{intro}\n{''.join(lines)}{heading}{rest}"


def model_markdown(model: Json, language: Language, call: str, values: dict[str, str]) -> str:
    """One model, with what its page tells of it, and a call."""
    facts = "\n".join(f"- {name}: {fact}" for name, fact in _facts_of(model, language))
    return f"# {model['id']}\n\n{facts}\n\n## {language('docs.call')}\n\n{fill_plain(call, values)}"


def _facts_of(model: Json, language: Language) -> Iterator[tuple[str, str]]:
    """What is known of a model, in the order of its page."""
    comma = language("lists.comma")
    if model["names"]:
        yield language("docs.names"), comma.join(model["names"])
    yield language("models.context"), str(model["context_window"] or "–")
    if model["reads"]:
        yield language("docs.reads"), comma.join(model["reads"])
    if model["can"]:
        yield language("docs.can"), comma.join(model["can"])
    health = "docs.down"
    if model["healthy"]:
        health = "docs.healthy"
    yield language("docs.health"), language(health)
    price = model["price"]
    if not price:
        yield language("docs.price"), language("docs.differs")
        return
    for kind, name in price_names(language).items():
        if price[kind] is not None and not price["unpriced"]:
            yield name, exact_dollars(price[kind])


def price_names(language: Language) -> dict[str, str]:
    """Every kind of rate with its unit, where that is tokens."""
    names = {kind: language(f"rate.{kind}") for kind in KINDS}
    for kind in KINDS:
        if kind not in (*UNIT_RATES, *HOSTED):
            names[kind] = language("docs.per_tokens", kind=names[kind])
    return names


def contents_markdown(pages: Pages, root: str) -> str:
    """`llms.txt`: what this is, and where each page is as Markdown."""
    lines = [
        "# aihub-lite",
        "",
        f"> An AI gateway at {root}. It speaks OpenAI's API below {root}/v1 and Anthropic's at {root}/v1/messages; "
        "one key opens every model that its holder may use.",
        "",
        "## Pages",
        "",
    ]
    lines += [f"- [{page.title}]({root}/docs/{page.slug}{SUFFIX}): {page.summary}" for page in pages.values()]
    return "\n".join(lines) + "\n"
