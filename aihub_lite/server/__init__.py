"""The process: sockets, signals, drain, logs, and the first words on the terminal.

The only room that knows HTTP servers: `front` says who serves whom, `http1` is our own, and the files beside it are
Hypercorn's, for HTTP/2. It opens the gateway, serves `web` on it and closes both; nothing but the command line
imports it.
"""
