"""The statement of a month as a page and as a file: whoever's it is."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

from litestar import Response
from litestar.response import Template

from aihub_lite.domain.money import plain
from aihub_lite.domain.spreadsheets import inert
from aihub_lite.gateway.core import Gateway
from aihub_lite.web.console.pages import page
from aihub_lite.web.framework import AnyRequest
from aihub_lite.web.views import Json, moment_text

LINES = ("day", "kind", "what", "requests", "usd")
"""Columns of a statement as CSV, as the command line prints it."""


def statement_page(request: AnyRequest, gateway: Gateway, statement: Json, back: str, place: str) -> Template:
    """`back` is the address of what it belongs to, `place` its own; with `.csv` behind it that of the file."""
    first = date.fromisoformat(f"{statement['month']}-01")
    later = ""
    if statement["to"] <= moment_text(int(gateway.clock.wall())):
        later = _month(first + timedelta(days=31))
    return page(
        request,
        "pots/statement.html",
        statement=statement,
        back=back,
        place=place,
        first=first,
        last=date.fromisoformat(statement["to"][:10]) - timedelta(days=1),
        earlier=_month(first - timedelta(days=1)),
        later=later,
    )


def _month(day: date) -> str:
    return day.strftime("%Y-%m")


def statement_file(statement: Json) -> Response[str]:
    """As CSV."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(LINES)
    for line in statement["lines"]:
        table.writerow([line["day"], line["kind"], inert(line["what"]), line["requests"], plain(line["usd"])])
    headers = {
        "content-disposition": f'attachment; filename="statement-{statement["month"]}.csv"',
        "cache-control": "no-store",
        "vary": "cookie",
    }
    return Response(file.getvalue(), media_type="text/csv", headers=headers)
