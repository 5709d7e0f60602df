"""How people come into the console without a password.

May import what the other pages of the console may, `gateway.people` and `upstream.sso`.
"""
