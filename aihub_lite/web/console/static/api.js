// Calls of the admin API with the session's cookie; the browser says where they come from.

export class Refused extends Error {
  constructor(message, status, wait) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

/** The decoded answer; throws Refused. A session that is over leads to the sign-in. */
export async function call(method, path, body) {
  const options = { method, cache: "no-store", headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(`/api/admin${path}`, options);
  } catch {
    throw new Refused(document.body.dataset.unreachable, 0, 5);
  }
  const value = await answer.json().catch(() => null);
  if (answer.ok) return value;
  if (answer.status === 401) {
    location.assign(`/console/sign-in?then=${encodeURIComponent(location.pathname)}`);
  }
  const message = value?.error?.message ?? `HTTP ${answer.status}`;
  throw new Refused(message, answer.status, Number(answer.headers.get("retry-after")) || 5);
}
