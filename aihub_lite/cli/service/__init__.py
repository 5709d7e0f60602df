"""`aihub-lite service …`: the gateway as a service of this machine, started with it and again when it fails.

`units` writes what systemd and launchd read, `managers` knows where it lies and whom to tell, `commands` are the
command line's. May import `config` and what all commands stand on.
"""
