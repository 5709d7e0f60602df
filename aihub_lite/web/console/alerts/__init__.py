"""`/console/alerts`: where alerts are sent, and whether they arrive.

May import `web.console` and the functions of `web.admin.alerts`.
"""

from aihub_lite.web.console.alerts.pages import show_alerts

ALERT_PAGES = (show_alerts,)
