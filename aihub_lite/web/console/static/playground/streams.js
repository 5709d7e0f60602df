// Streamed chat completions on behalf of a token.

import { Refused, open } from "../base/api.js";

/** What follows `data:` in an event, or nothing: comments keep the connection alive. */
function payload(event) {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trim()).join("\n");
}

async function* payloads(answer) {
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await pieces.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    // The last one has not ended yet.
    rest = events.pop();
    yield* events.map(payload).filter(Boolean);
  }
}

/** The chunks as they come; `began` is called with the request's id as soon as there is an answer. Throws Refused, or
 * the signal's reason. `broken` is the message for a stream that ends too early. */
export async function* chunks(token, body, { signal, began, broken }) {
  const request = { ...body, stream: true, stream_options: { include_usage: true } };
  const answer = await open("POST", `/tokens/${token}/chat/completions`, request, signal);
  began(answer.headers.get("x-request-id"));
  try {
    for await (const data of payloads(answer)) {
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Refused(chunk.error.message, 0, 5);
      yield chunk;
    }
  } catch (error) {
    if (signal.aborted || error instanceof Refused) throw error;
  }
  throw new Refused(broken, 0, 5);
}
