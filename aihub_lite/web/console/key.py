"""`/console/key`: what a key may do and what it has spent, for whoever holds it; nobody signs in.

The page knows nothing: its script sends the key to `/v1/key` and shows the answer. The key stays in the tab.
"""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from aihub_lite.web.console.pages import AnyRequest, page

FIGURES = ("cost", "requests", "tokens")
"""What the chart can show; the first one at first."""


@get("/key", sync_to_thread=False)
def show_key_page(request: AnyRequest) -> Template:
    """The same for everybody."""
    return page(request, "key.html", figures=FIGURES)
