"""HTTP/1.1, from the bytes of a connection to an ASGI application and back.

In order: `input` keeps what came and was not read yet, `head` reads one request's head (llhttp, by `httptools`), `body`
takes its body apart, `answer` writes what goes back, `cycle` is one request and its answer as ASGI has them, `refusal`
an answer to what is no request, `connection` puts these together, `listener` knows all connections and their clocks.

llhttp is given heads and nothing else: it neither stops at a request's end nor says where that was, and what follows
a request has to wait for its answer. It may import the errors, how clients are told of them, and whom to tell that a
client has left.
"""
