// The same answers as app.py, by Node's http. `node node.mjs PORT`.
import http from "node:http";
import zlib from "node:zlib";

const big = Buffer.alloc(2 ** 23, Buffer.from(Array.from({ length: 256 }, (_, number) => number)));
const answers = {
  "/length": (request, response) => response.writeHead(200, { "content-length": 5 }).end("hello"),
  "/big": (request, response) => response.writeHead(200, { "content-length": big.length }).end(big),
  "/gzip": (request, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(zlib.gzipSync("hello".repeat(100))),
  "/refuse": (request, response) => response.writeHead(413, { "content-length": 8 }).end("too long"),
  "/chunks": (request, response) => {
    for (const letter of "hello") response.write(letter);
    response.end();
  },
  "/echo": (request, response) => request.pipe(response),
};
const server = http.createServer((request, response) => answers[request.url](request, response));
server.keepAliveTimeout = 1000;
server.listen(Number(process.argv[2]), "127.0.0.1");
