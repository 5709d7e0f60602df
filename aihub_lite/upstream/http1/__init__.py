"""HTTP/1.1 to upstreams: requests out, answers in, over connections that are kept.

To be read in this order: `request` (where to, the head), `answer` (head and body as they come), `connection` (one
socket; llhttp reads what comes on it), `way`, `resolving`, `http_proxy`, `socks` and `dialing` (how a connection is
made), `client` (which one carries a request). `faults` says what can go wrong. The only room that knows httptools' side
for answers; imports nothing else of ours.

There is no HTTP/2 beside it. It would save connections, which cost a gateway little, and take time: the frames of a
request take `h2` 212 µs and those of each chunk 15, where llhttp reads the same in 4 and in 0.5 (h2 4.4, 2026-11-28).
"""
