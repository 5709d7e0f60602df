"""`/api/admin/pots`, `/credits` and `/credit-requests`: what people, teams and the gateway may spend.

May import `web.admin`, the views of `web`, and the gateway's pots.
"""

from aihub_lite.web.admin.pots.credits import credits_router
from aihub_lite.web.admin.pots.pots import pots_router

POTS = (pots_router, credits_router)
