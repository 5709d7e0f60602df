// Pages that are read again, so that a template says once how a part of one looks.

import { Refused } from "./api.js";

/** The page of an address, by default this one as it is now; throws Refused. A session that is over leads away. */
export async function readPage(address = location.href) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", headers: { accept: "text/html" } });
  } catch {
    throw new Refused(document.body.dataset.unreachable, 0, 5);
  }
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok) throw new Refused(`HTTP ${answer.status}`, answer.status, Number(answer.headers.get("retry-after")) || 5);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
