"""The doctor: looks at the gateway, its machine and its upstreams, and says what is wrong and what to do.

May import what `web.admin` may, and the texts of `web.console`. Nothing that it does is billed.
"""
