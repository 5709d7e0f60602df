"""The pages under `/console/me`: what is a reader's own, over the functions of `web.me`.

May import what the other pages of the console may, `web.me`, and `web.console.pots`.
"""

from __future__ import annotations

from aihub_lite.web.console.me.account import show_account
from aihub_lite.web.console.me.home import show_own_home
from aihub_lite.web.console.me.requests import show_own_request_page, show_own_requests
from aihub_lite.web.console.me.statement import download_own_statement, show_own_statement_page
from aihub_lite.web.console.me.tokens import show_new_own_token, show_own_token_page, show_own_tokens

OWN_PAGES = [
    show_own_home,
    show_own_tokens,
    show_new_own_token,
    show_own_token_page,
    show_own_requests,
    show_own_request_page,
    show_own_statement_page,
    download_own_statement,
    show_account,
]
