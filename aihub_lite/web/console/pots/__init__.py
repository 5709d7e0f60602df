"""The pages under `/console/pots`: budgets, credits and statements, over the functions of `web.admin.pots`.

May import what the other pages of the console may, and `web.admin.pots`.
"""

from aihub_lite.web.console.pots.pages import POT_PAGES

__all__ = ["POT_PAGES"]
