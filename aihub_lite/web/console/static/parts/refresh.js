// Parts of a page that follow what the server says of them: each has `data-live` and an id. The page is read again, so
// that a template says once how a part looks.

import { Refused } from "../base/api.js";
import { showTimes } from "../base/times.js";
import { showCharts } from "./chart.js";

const canHover = matchMedia("(hover: hover)");
const shown = new Map();
for (const part of document.querySelectorAll("[data-live]")) shown.set(part.id, part.innerHTML);

async function read() {
  let answer;
  try {
    answer = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
  } catch {
    throw new Refused(document.body.dataset.unreachable, 0, 5);
  }
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok) throw new Refused(`HTTP ${answer.status}`, answer.status, Number(answer.headers.get("retry-after")) || 5);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** The link or button that has the focus keeps it, where it is still there. */
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  part.replaceChildren(...fresh.childNodes);
  if (!focused) return;
  const same = [...part.querySelectorAll("a[href]")].find((link) => link.href === focused.href);
  (same ?? part).focus();
}

/** Read the page, and take over the parts of it that are others now. One under the pointer waits for the next time. */
export async function refresh() {
  const page = await read();
  let changed = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || fresh.innerHTML === shown.get(part.id)) continue;
    if (canHover.matches && part.matches(":hover")) continue;
    shown.set(part.id, fresh.innerHTML);
    part.hidden = fresh.hidden;
    replace(part, fresh);
    showTimes(part);
    changed = true;
  }
  for (const part of document.querySelectorAll("[data-live-shown]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) part.hidden = fresh.hidden;
  }
  if (changed) showCharts();
}
