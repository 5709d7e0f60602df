"""The console's pages about whether the gateway is well.

May import what `web.console` may, `web.doctor`, and `web.console`, which knows nothing of it.
"""

from aihub_lite.web.console.care.doctor import doctor_page

__all__ = ["doctor_page"]
