"""HTTP/1.1 to upstreams that say exactly what a test tells them, on asyncio's loop and on uvloop's."""
