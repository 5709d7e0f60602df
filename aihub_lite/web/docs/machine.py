"""The documentation for programs: `llms.txt` (llmstxt.org), and every page as Markdown."""

from __future__ import annotations

from aihub_lite.web.docs.catalogue import DocPage, Pages
from aihub_lite.web.docs.markdown import fill_plain


def page_markdown(page: DocPage, values: dict[str, str]) -> str:
    """One page, with its title and with this gateway's address in its examples."""
    return fill_plain(f"# {page.title}\n\n> {page.summary}\n\n{page.text}", values)


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
    lines += [f"- [{page.title}]({root}/docs/{page.slug}.md): {page.summary}" for page in pages.values()]
    return "\n".join(lines) + "\n"
