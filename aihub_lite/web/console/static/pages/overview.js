// What is under way, every second; the day's figures, every fifteen. Nothing is asked while nobody looks.

import { call } from "./api.js";
import { count, dollars, duration, percent, short } from "./format.js";

const SECOND = 1000;
const EVERY = 15;
const table = document.querySelector("[data-flights]");
const pattern = document.getElementById("flight");
const rows = new Map();

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

function showFlights(flights) {
  const here = new Set(flights.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (here.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  for (const flight of flights) {
    const texts = {
      model: flight.model,
      token: flight.token,
      channel: flight.channel ?? "–",
      client: flight.client,
      age: duration(flight.age_s * 1000),
      tokens: flight.streamed ? count(flight.completion_tokens) : "–",
    };
    const row = rowOf(flight);
    for (const [name, text] of Object.entries(texts)) {
      const place = row.querySelector(`[data-is=${name}]`);
      if (place.textContent !== text) place.textContent = text;
    }
  }
  table.hidden = flights.length === 0;
  document.querySelector("[data-idle]").hidden = flights.length > 0;
  for (const place of document.querySelectorAll("[data-in-flight]")) place.textContent = count(flights.length);
}

function showDay(day) {
  const texts = {
    requests: count(day.requests),
    tokens: short(day.prompt_tokens + day.completion_tokens),
    cost: dollars(day.cost_usd),
    errors: percent(day.errors, day.requests),
    first_byte: day.first_byte_ms === null ? "–" : duration(day.first_byte_ms),
  };
  for (const [name, text] of Object.entries(texts)) {
    document.querySelector(`[data-day=${name}]`).textContent = text;
  }
}

const lost = document.querySelector("[data-lost]");

async function look() {
  for (let turn = 0; ; turn += 1) {
    let pause = SECOND;
    if (!document.hidden) {
      try {
        showFlights(await call("GET", "/flights"));
        if (turn % EVERY === EVERY - 1) showDay((await call("GET", "/overview")).day);
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
