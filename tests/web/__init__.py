"""The whole web application over a real gateway, without a socket: its gate, paths and own-key pages."""
