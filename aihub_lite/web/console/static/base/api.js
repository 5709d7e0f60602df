// Calls of the page's API, the admin's or one's own, with the session's cookie; the browser says where they come from.

/** An error that the gateway answered, or status 0 where no answer came; `wait` is in seconds. */
export class Refused extends Error {
  constructor(message, status, wait, id = "") {
    super(message);
    this.status = status;
    this.wait = wait;
    this.id = id;
  }
}

/** The answer, still unread; throws Refused, or what `signal` was given. A session that is over leads to the sign-in. */
export async function open(method, path, body, signal) {
  const options = { method, signal, cache: "no-store", headers: { accept: "application/json", "accept-language": document.documentElement.lang } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(`${document.body.dataset.api ?? "/api/admin"}${path}`, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(document.body.dataset.unreachable, 0, 5);
  }
  if (answer.ok) return answer;
  if (answer.status === 401) {
    location.assign(`/console/sign-in?then=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const value = await answer.json().catch(() => null);
  const message = value?.error?.message ?? `HTTP ${answer.status}`;
  const wait = Number(answer.headers.get("retry-after")) || 5;
  throw new Refused(message, answer.status, wait, answer.headers.get("x-request-id"));
}

/** The decoded answer; throws as `open` does. */
export async function call(method, path, body) {
  const answer = await open(method, path, body);
  return answer.json().catch(() => null);
}
