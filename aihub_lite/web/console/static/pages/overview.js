// The requests under way, read every second, and all else on the page, every fifteen. Nothing is read in a hidden tab.

import { call } from "../base/api.js";
import { count, duration } from "../base/format.js";
import { refresh } from "../parts/refresh.js";

const SECOND = 1000;
const EVERY = 15;
/** While somebody sets the gateway up, and waits for a step to be done. */
const SOON = 3;
const steps = document.getElementById("steps");
const table = document.querySelector("[data-flights]");
const pattern = document.getElementById("flight");
const rows = new Map();
let pointer = null;

// Rows

function rowOf(flight) {
  let row = rows.get(flight.id);
  if (!row) {
    row = pattern.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-stop]").dataset.call = `POST /flights/${flight.id}/stop`;
    rows.set(flight.id, row);
    table.tBodies[0].append(row);
  }
  return row;
}

/** The row under the pointer or with the keyboard's focus, the lower one of both: what stands above must not move it. */
function steady() {
  const held = [table.querySelector(":focus-visible")?.closest("tbody tr")];
  if (pointer) held.push(document.elementFromPoint(pointer.x, pointer.y)?.closest("[data-flights] tbody tr"));
  return Math.max(...held.map((row) => row?.sectionRowIndex ?? -1));
}

/** A request that is over stays where it is while somebody points at it, or at one below: a click must not stop the next
 * one, which would have come in its place. */
function end(row) {
  if (row.classList.contains("over")) return;
  row.classList.add("over");
  row.querySelector("[data-is=age]").textContent = table.dataset.over;
  row.querySelector("[data-stop]").setAttribute("aria-disabled", "true");
  delete row.querySelector("[data-stop]").dataset.call;
}

function sweep() {
  const last = steady();
  for (const row of [...table.tBodies[0].rows].reverse()) {
    if (row.classList.contains("over") && row.sectionRowIndex > last) row.remove();
  }
  table.hidden = table.tBodies[0].rows.length === 0;
  document.querySelector("[data-idle]").hidden = !table.hidden;
}

const waitingChip = document.querySelector("[data-waiting]");

function showWaiting(waiting) {
  waitingChip.hidden = waiting === 0;
  waitingChip.textContent = waitingChip.dataset.waiting.replace("COUNT", count(waiting));
}

function showFlights(flights) {
  const ids = new Set(flights.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    end(row);
    rows.delete(id);
  }
  for (const flight of flights) {
    const row = rowOf(flight);
    const waits = row.querySelector("[data-waits]").dataset.waits;
    const texts = {
      model: flight.model,
      token: flight.token,
      channel: flight.waiting ? waits : (flight.channel ?? "–"),
      client: flight.client,
      age: duration(flight.age_s * 1000),
      tokens: flight.streamed ? count(flight.completion_tokens) : "–",
    };
    for (const [name, text] of Object.entries(texts)) {
      const place = row.querySelector(`[data-is=${name}]`);
      if (place.textContent !== text) place.textContent = text;
    }
  }
  showWaiting(flights.filter(({ waiting }) => waiting).length);
  sweep();
  for (const place of document.querySelectorAll("[data-in-flight]")) place.textContent = count(flights.length);
}

addEventListener("pointermove", ({ pointerType, clientX, clientY }) => {
  if (pointerType === "mouse") pointer = { x: clientX, y: clientY };
});
document.documentElement.addEventListener("pointerleave", () => (pointer = null));
table.addEventListener("pointerleave", sweep);
table.addEventListener("focusout", () => setTimeout(sweep));

// Reading

const lost = document.querySelector("[data-lost]");

async function look() {
  for (let turn = 0; ; turn += 1) {
    let pause = SECOND;
    if (!document.hidden) {
      try {
        showFlights(await call("GET", "/flights"));
        const every = steps.hidden ? EVERY : SOON;
        if (turn % every === every - 1) await refresh();
        lost.hidden = true;
      } catch (error) {
        lost.textContent = error.message;
        lost.hidden = false;
        pause = error.wait * SECOND || 5 * SECOND;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

for (const row of table.tBodies[0].rows) rows.set(row.dataset.id, row);
look();
