"""What all commands stand on: calls of the admin API, over HTTP or in this process, their options, and what is printed.

May import `web.app` to answer in process where nothing serves, and `config`; knows no command.
"""
