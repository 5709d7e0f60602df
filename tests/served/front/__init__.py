"""The front door: what a client on a bare socket is answered by a small application behind it."""
