// Parts of a page that follow what the server says of them: each has `data-live` and an id. The page is read again.

import { readPage } from "../base/page.js";
import { showTimes } from "../base/times.js";
import { showCharts } from "./chart.js";

const canHover = matchMedia("(hover: hover)");
const shown = new Map();
for (const part of document.querySelectorAll("[data-live]")) shown.set(part.id, part.innerHTML);

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
  const page = await readPage();
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
