"""HTTP/1.1 to upstreams: requests out, answers in, over connections that are kept.

To be read in this order: `request` (where to, the head), `answer` (head and body as they come), `connection` (one
socket; llhttp reads what comes on it), `way`, `resolving`, `http_proxy`, `socks` and `dialing` (how a connection is
made), `client` (which one carries a request). `faults` says what can go wrong. The only room that knows httptools' side
for answers; imports nothing else of ours.
"""
