"""HTTP/2, which is spoken over TLS where both sides agree on it (ALPN)."""
