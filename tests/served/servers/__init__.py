"""The way to upstreams against servers that people run: nginx, uvicorn, Hypercorn, Node's and Go's own."""
