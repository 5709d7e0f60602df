// A key looks at itself. It is kept by this tab alone, and sent nowhere but to this gateway's /v1/key.

import { showCharts } from "./chart.js";
import { count, dollars, duration, percent, short } from "./format.js";
import { showTimes } from "./times.js";

const PLACE = "aihub_key";
const WHOLE = { cost: 0.000001, requests: 1, tokens: 1 };
const KIND = { cost: "usd", requests: "count", tokens: "count" };
const PRINTABLE = /^[\x21-\x7e]+$/;

const find = (selector, root = document) => root.querySelector(selector);
const all = (selector) => document.querySelectorAll(selector);
const text = (name) => find(`[data-text="${name}"]`).textContent;
const form = find("[data-ask]");

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** One of `asking`, `loading`, `failed` and `known`. */
function show(state) {
  for (const each of all("[data-when]")) each.hidden = each.dataset.when !== state;
}

async function get(key, zone) {
  const query = zone ? `?zone=${encodeURIComponent(zone)}` : "";
  const headers = { authorization: `Bearer ${key}`, accept: "application/json" };
  let answer;
  try {
    answer = await fetch(`/v1/key${query}`, { cache: "no-store", credentials: "omit", headers });
  } catch {
    throw new Refused(0, text("unreachable"));
  }
  const value = await answer.json().catch(() => null);
  if (answer.ok) return value;
  // Browsers may know zones that the gateway's machine does not: then days are UTC's.
  if (answer.status === 400 && zone) return get(key, "UTC");
  const known = [401, 403, 429].includes(answer.status);
  const message = known ? text(`wrong_${answer.status}`) : (value?.error?.message ?? `HTTP ${answer.status}`);
  throw new Refused(answer.status, message);
}

async function look(key) {
  if (!PRINTABLE.test(key)) return ask(text("wrong_401"));
  show("loading");
  try {
    fill(await get(key, Intl.DateTimeFormat().resolvedOptions().timeZone));
    sessionStorage.setItem(PLACE, key);
    show("known");
    showCharts();
    find("h1[data-fact]").focus({ preventScroll: true });
  } catch (error) {
    if (error.status === 401) return ask(error.message);
    sessionStorage.setItem(PLACE, key);
    find("[data-failure]").textContent = error.message;
    show("failed");
  }
}

function ask(wrong = "") {
  sessionStorage.removeItem(PLACE);
  const place = find("[data-wrong]");
  place.textContent = wrong;
  place.hidden = !wrong;
  form.elements.key.value = "";
  show("asking");
  form.elements.key.focus();
}

function meter(label, spent, of, limit, note) {
  const made = find("#meter").content.firstElementChild.cloneNode(true);
  const share = limit === null ? 0 : Number(limit) ? Number(spent) / Number(limit) : 1;
  find(".label", made).textContent = label;
  find("strong", made).textContent = dollars(spent);
  find(".amount .muted", made).textContent = limit === null ? of : of.replace("LIMIT", dollars(limit));
  find(".track", made).classList.toggle("bad", share >= 1);
  find(".track", made).classList.toggle("warn", share >= 0.8 && share < 1);
  find("rect", made).setAttribute("width", `${(100 * Math.min(share, 1)).toFixed(1)}%`);
  find("small", made).replaceChildren(...note);
  return made;
}

function moment(datetime) {
  const made = document.createElement("time");
  made.dateTime = datetime;
  made.dataset.as = "clock";
  return made;
}

/** What is left stands with the limit that it is left of: the tighter one. */
function meters({ budget, quota_usd: quota, spent_usd: spent, left_usd: left }) {
  const rest = left === null ? "" : text("left").replace("AMOUNT", dollars(left));
  const found = [];
  let byBudget = false;
  if (budget) {
    byBudget = quota === null || budget.usd - budget.spent_usd <= quota - spent;
    const [before, after] = text("resets").split("MOMENT");
    const note = [byBudget ? `${rest} · ` : "", before, moment(budget.resets), after];
    found.push(meter(text("budget"), budget.spent_usd, text(`of_${budget.period}`), budget.usd, note));
  }
  if (quota === null) {
    found.push(meter(text("spent"), spent, budget ? "" : text("no_limit"), null, []));
    find(".track", found.at(-1)).remove();
  } else {
    found.push(meter(text("quota"), spent, text("of_total"), quota, byBudget ? [] : [rest]));
  }
  return found;
}

function row(head, cells) {
  const made = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.append(head);
  made.append(first);
  for (const [shown, value] of cells) {
    const cell = made.insertCell();
    cell.className = "number";
    cell.textContent = shown;
    if (value !== undefined) cell.dataset.value = value;
  }
  return made;
}

function dayRow(day) {
  const when = moment(day.start);
  when.dataset.as = "day";
  const tokens = day.prompt_tokens + day.completion_tokens;
  const cells = [
    [dollars(day.cost_usd), day.cost_usd],
    [count(day.requests), day.requests],
    [count(tokens), tokens],
    [percent(day.errors, day.requests)],
  ];
  return row(when, cells);
}

function modelRow(each) {
  const numbers = [each.requests, each.prompt_tokens, each.completion_tokens].map((number) => [count(number)]);
  return row(each.model, [[dollars(each.cost_usd)], ...numbers, [percent(each.errors, each.requests)]]);
}

function totals({ total }) {
  return {
    cost: dollars(total.cost_usd),
    requests: count(total.requests),
    tokens: short(total.prompt_tokens + total.completion_tokens),
    errors: percent(total.errors, total.requests),
    first_byte: total.first_byte_ms === null ? "–" : duration(total.first_byte_ms),
  };
}

function item(id) {
  const made = document.createElement("li");
  const code = document.createElement("code");
  code.textContent = id;
  made.append(code);
  return made;
}

function fill(known) {
  const facts = {
    name: known.name,
    hint: `sk-…${known.hint}`,
    rpm: known.limits.rpm === null ? text("no_limit") : count(known.limits.rpm),
    tpm: known.limits.tpm === null ? text("no_limit") : count(known.limits.tpm),
    concurrency: known.limits.concurrency === null ? text("no_limit") : count(known.limits.concurrency),
    models: count(known.models.length),
  };
  for (const [name, value] of Object.entries(facts)) find(`[data-fact=${name}]`).textContent = value;
  find("[data-fact=expires]").replaceChildren(known.expires === null ? text("never") : moment(known.expires));
  find("#base-url").textContent = `${location.origin}/v1`;
  find("[data-meters]").replaceChildren(...meters(known));
  find("#days tbody").replaceChildren(...known.usage.days.map(dayRow));
  find("#models tbody").replaceChildren(...known.usage.models.map(modelRow));
  find("[data-models]").replaceChildren(...known.models.map(item));
  find("[data-no-models]").hidden = known.models.length > 0;
  for (const [name, value] of Object.entries(totals(known.usage))) find(`[data-total=${name}]`).textContent = value;
  const used = known.usage.total.requests > 0;
  for (const each of all("[data-used]")) each.hidden = !used;
  find("[data-unused]").hidden = used;
  showTimes();
}

function draw(figure) {
  for (const button of all("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === figure));
  for (const head of all("#days [data-figure]")) {
    if (head.dataset.figure === figure) head.dataset.series = KIND[figure];
    else delete head.dataset.series;
  }
  find("[data-chart]").dataset.whole = WHOLE[figure];
  showCharts();
}

function forget() {
  sessionStorage.removeItem(PLACE);
  location.replace(location.pathname); // a new page: nothing of the old one stays in it
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look(form.elements.key.value.trim());
});
for (const button of all("[data-forget]")) button.addEventListener("click", forget);
for (const button of all("[data-show]")) button.addEventListener("click", () => draw(button.dataset.show));
find("[data-again]").addEventListener("click", () => look(sessionStorage.getItem(PLACE) ?? ""));

const kept = sessionStorage.getItem(PLACE);
if (kept) look(kept);
else ask();
