// The page of a key. The key is kept in this tab's storage, and sent nowhere but to this gateway's /v1/key.

import { showCharts } from "../parts/chart.js";
import "../parts/figures.js";
import { amount, count, digits, duration, isLittle, percent, short } from "../base/format.js";
import { showTimes } from "../base/times.js";

const PLACE = "aihub_key";
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

/** One of `asking`, `loading`, `failed` and `figures`. */
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
  if ([401, 403, 429].includes(answer.status)) throw new Refused(answer.status, text(`wrong_${answer.status}`));
  throw new Refused(answer.status, value?.error?.message ?? `HTTP ${answer.status}`);
}

async function look(key) {
  if (!PRINTABLE.test(key)) return ask(text("wrong_401"));
  show("loading");
  try {
    fill(await get(key, Intl.DateTimeFormat().resolvedOptions().timeZone));
    sessionStorage.setItem(PLACE, key);
    show("figures");
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

function shareOf(spent, limit) {
  if (limit === null) return 0;
  // A limit of nothing is used up.
  if (!Number(limit)) return 1;
  return Number(spent) / Number(limit);
}

function meter(label, spent, of, limit, note) {
  const element = find("#meter").content.firstElementChild.cloneNode(true);
  const share = shareOf(spent, limit);
  find(".label", element).textContent = label;
  find("strong", element).textContent = amount(spent);
  find("strong", element).title = digits(spent);
  find(".amount .muted", element).textContent = limit === null ? of : of.replace("LIMIT", amount(limit));
  find(".track", element).classList.toggle("bad", share >= 1);
  find(".track", element).classList.toggle("warn", share >= 0.8 && share < 1);
  find("rect", element).setAttribute("width", `${(100 * Math.min(share, 1)).toFixed(1)}%`);
  find("small", element).replaceChildren(...note);
  return element;
}

function moment(datetime) {
  const element = document.createElement("time");
  element.dateTime = datetime;
  element.dataset.as = "clock";
  return element;
}

/** Less than a cent is little: what a call may cost is set aside before it, and is often more. */
function remaining(left) {
  const rest = document.createElement("span");
  rest.textContent = text(isLittle(left) ? "little_left" : "left").replace("AMOUNT", amount(left));
  rest.title = digits(left);
  return rest;
}

/** When a budget refills, and since when what is spent of it counts. */
function times(resets, since) {
  const [before, after] = text("resets").split("MOMENT");
  const [counted, then] = text("since").split("MOMENT");
  return [before, moment(resets), after, " · ", counted, moment(since), then];
}

/** "Budget per 5 hours for gpt-*". */
function budgetName({ period, of: scope }) {
  const [, count, unit] = /^(\d+)([dh])$/.exec(period) ?? [];
  const name = unit ? text(unit === "h" ? "per_hours" : "per_days").replace("COUNT", count) : text(`per_${period}`);
  if (!scope) return name;
  return `${name} ${scope.startsWith("tag:") ? text("for_tag").replace("NAME", scope.slice(4)) : text("for_models").replace("NAME", scope)}`;
}

/** Budgets for some models or a tag, or by other windows. */
function otherMeters(budgets) {
  return budgets.map((budget) => {
    const note = [remaining(budget.left_usd), " · ", ...times(budget.refills, budget.since)];
    return meter(budgetName(budget), budget.spent_usd, text("of_total"), budget.usd, note);
  });
}

/** Budget and quota. What may still be spent stands with the tighter one of them. */
function meters({ budget, budgets, quota_usd: quota, spent_usd: spent, left_usd: left }) {
  const rest = left === null ? "" : remaining(left);
  const elements = [];
  let byBudget = false;
  if (budget) {
    byBudget = quota === null || budget.usd - budget.spent_usd <= quota - spent;
    const note = [...(byBudget ? [rest, " · "] : []), ...times(budget.resets, budget.since)];
    elements.push(meter(text("budget"), budget.spent_usd, text(`of_${budget.period}`), budget.usd, note));
  }
  if (quota === null) {
    elements.push(meter(text("spent"), spent, budget || budgets.length ? "" : text("no_limit"), null, []));
    find(".track", elements.at(-1)).remove();
  } else {
    elements.push(meter(text("quota"), spent, text("of_total"), quota, byBudget ? [] : [rest]));
  }
  elements.splice(budget ? 1 : 0, 0, ...otherMeters(budgets));
  return elements;
}

function row(head, cells) {
  const element = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.append(head);
  element.append(first);
  for (const [content, value, title = ""] of cells) {
    const cell = element.insertCell();
    cell.className = "number";
    cell.textContent = content;
    if (title) cell.title = title;
    if (value !== undefined) cell.dataset.value = value;
  }
  return element;
}

function dayRow(day) {
  const when = moment(day.start);
  when.dataset.as = "day";
  const tokens = day.prompt_tokens + day.completion_tokens;
  const cells = [
    [amount(day.cost_usd), day.cost_usd, digits(day.cost_usd)],
    [count(day.requests), day.requests],
    [count(tokens), tokens],
    [percent(day.errors, day.requests)],
  ];
  return row(when, cells);
}

function modelRow(sums) {
  const numbers = [sums.requests, sums.prompt_tokens, sums.completion_tokens].map((number) => [count(number)]);
  const cells = [[amount(sums.cost_usd), undefined, digits(sums.cost_usd)], ...numbers, [percent(sums.errors, sums.requests)]];
  const element = row(sums.model, cells);
  const heads = document.querySelectorAll("#models thead th");
  for (const [place, cell] of [...element.cells].entries()) {
    if (place) cell.dataset.label = heads[place].textContent;
  }
  return element;
}

function totals({ total }) {
  return {
    cost: amount(total.cost_usd),
    requests: count(total.requests),
    tokens: short(total.prompt_tokens + total.completion_tokens),
    errors: percent(total.errors, total.requests),
    first_byte: total.first_byte_ms === null ? "–" : duration(total.first_byte_ms),
  };
}

function item(id) {
  const element = document.createElement("li");
  const code = document.createElement("code");
  code.textContent = id;
  element.append(code);
  return element;
}

function limitText(limit) {
  if (limit === null) return text("no_limit");
  return count(limit);
}

function fill(key) {
  const facts = {
    name: key.name,
    hint: `sk-…${key.hint}`,
    rpm: limitText(key.limits.rpm),
    tpm: limitText(key.limits.tpm),
    concurrency: limitText(key.limits.concurrency),
    models: count(key.models.length),
  };
  for (const [name, value] of Object.entries(facts)) find(`[data-fact=${name}]`).textContent = value;
  find("[data-fact=expires]").replaceChildren(key.expires === null ? text("never") : moment(key.expires));
  find("#base-url").textContent = `${location.origin}/v1`;
  find("[data-meters]").replaceChildren(...meters(key));
  find("#days tbody").replaceChildren(...key.usage.days.map(dayRow));
  find("#models tbody").replaceChildren(...key.usage.models.map(modelRow));
  find("[data-models]").replaceChildren(...key.models.map(item));
  find("[data-no-models]").hidden = key.models.length > 0;
  for (const [name, value] of Object.entries(totals(key.usage))) find(`[data-total=${name}]`).textContent = value;
  const used = key.usage.total.requests > 0;
  for (const each of all("[data-used]")) each.hidden = !used;
  find("[data-unused]").hidden = used;
  showTimes();
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
find("[data-again]").addEventListener("click", () => look(sessionStorage.getItem(PLACE) ?? ""));

/** A link that was handed over has the key behind its `#`, which browsers send to nobody; it goes from the address at
 * once. */
function handedOver() {
  const text = location.hash.slice(1);
  if (text) history.replaceState(null, "", location.pathname);
  return text;
}

const known = handedOver() || sessionStorage.getItem(PLACE);
if (known) look(known);
else ask();
