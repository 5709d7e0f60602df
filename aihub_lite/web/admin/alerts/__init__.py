"""`/api/admin/alerts`: where alerts are sent, and whether they arrive.

May import `web.admin`, the views of `web`, and the gateway's alerts.
"""

from aihub_lite.web.admin.alerts.alerts import alerts_router

ALERTS = (alerts_router,)
