"""The gateway: what happens to a request between the client's bytes and the upstream's.

`state` is what is known while it runs, `routing` which upstream comes next, `client` the client's side of one
exchange, `adapters` formats on either side, `line` the straight line a request walks, `upkeep` what goes on beside the
requests. `core` puts them together. May import `config`, `domain`, `wire`, `storage` and `upstream`; knows no web
framework, no SQL and no HTTP library.
"""
