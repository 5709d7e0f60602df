"""`/console/key`: what a key may do and what it has spent, for whoever holds it, without a session.

The page itself holds nothing: its script sends the key to `/v1/key` and shows the answer. The key stays in the tab.
"""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest

FIGURES = ("cost", "requests", "tokens")
"""What the chart can show; the first one at first."""


@get("/key", sync_to_thread=False)
def show_key_page(request: AnyRequest) -> Template:
    """The empty page, the same for everybody."""
    return page(request, "pages/key.html", figures=FIGURES)
