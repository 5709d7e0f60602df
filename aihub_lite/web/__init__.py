"""HTTP in front: gate, sign-in, relay, admin API and console. The only room that knows the web framework (Litestar).

May import `gateway` and all beneath it. `app` puts it together; what lies directly here otherwise is shared by the
three rooms.
"""
