// New requests, as they come, while the switch is on. No row moves under the pointer, and none while one has the focus:
// then a button says how many wait, and shows them.

import { count } from "../base/format.js";
import { showTimes } from "../base/times.js";

const EVERY = 3000;
const MOST = 200;
const live = document.querySelector("[data-live]");
const more = document.querySelector("[data-more]");
let waiting = [];

const list = () => document.querySelector("[data-requests] tbody");
const isOn = () => live.checked;

function isInUse(rows) {
  const table = rows.closest("table");
  return table.matches(":hover") || table.contains(document.activeElement);
}

function showMore() {
  more.hidden = waiting.length === 0;
  more.textContent = more.dataset.text.replace("COUNT", count(waiting.length));
}

function insert() {
  const rows = list();
  rows.prepend(...waiting);
  waiting = [];
  while (rows.rows.length > MOST) rows.lastElementChild.remove();
  showTimes(rows);
  showMore();
}

/** What changed of a row that is there: how many calls it stands for. Its link stays, as it may have the focus. */
function update(row, fresh) {
  for (const [index, cell] of [...row.cells].entries()) {
    const now = fresh.cells[index];
    if (index > 0 && !cell.querySelector("time") && cell.innerHTML !== now.innerHTML) cell.innerHTML = now.innerHTML;
  }
}

function take(fresh) {
  const rows = list();
  const known = new Map([...rows.rows, ...waiting].map((row) => [row.dataset.id, row]));
  const unknown = [];
  for (const row of [...fresh.rows]) {
    const old = known.get(row.dataset.id);
    if (old) update(old, row);
    else unknown.push(row);
  }
  waiting = [...unknown, ...waiting].slice(0, MOST);
  if (waiting.length && !isInUse(rows)) insert();
  else showMore();
}

async function look() {
  const answer = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
  if (answer.redirected) return location.reload();
  if (!answer.ok) return undefined;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-requests]");
  if (!fresh) return undefined;
  if (list()) return take(fresh.tBodies[0]);
  document.querySelector("[data-empty]").replaceWith(document.adoptNode(fresh));
  return showTimes(fresh);
}

function remember() {
  const address = new URL(location.href);
  if (isOn() !== address.searchParams.has("live")) {
    if (isOn()) address.searchParams.set("live", "1");
    else address.searchParams.delete("live");
    history.replaceState(null, "", address);
  }
  const form = document.querySelector("[data-filters]");
  form.querySelector("[name=live]")?.remove();
  if (!isOn()) return;
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "live", value: "1" });
  form.append(field);
}

async function run() {
  for (;;) {
    // A look that fails is followed by the next one: the list stays as it is.
    if (isOn() && !document.hidden) await look().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

live.addEventListener("change", () => {
  remember();
  if (isOn()) look().catch(() => undefined);
});
more.addEventListener("click", insert);
// It may have been switched before this ran.
remember();
run();
