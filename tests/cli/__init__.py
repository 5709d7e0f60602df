"""The command line without a process of its own (`terminal.py`), and beside a running server."""
