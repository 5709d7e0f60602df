// The playground: one conversation with up to three models at once, which is kept in this page's memory alone.

import { call } from "../base/api.js";
import { isTouched } from "../base/fields.js";
import { Column } from "./columns.js";
import { SNIPPETS } from "./snippets.js";
import { tabs } from "../parts/tabs.js";

const part = (name) => document.querySelector(`[data-${name}]`);
const place = part("columns");
const token = part("token");
const text = document.getElementById("f-text");
const code = part("code");
const columns = [];
const TYPING = 250;
let models = [...place.querySelector("[data-model]").options].map((option) => option.value);
let more = !place.querySelector("[data-other]").hidden;
let searches = 0;

// Columns

function take(column) {
  columns.push(column);
  column.select.addEventListener("change", write);
  column.element.querySelector("[data-remove]").addEventListener("click", () => remove(column));
  part("add").disabled = columns.length >= Number(place.dataset.most);
}

function remove(column) {
  column.stop();
  column.element.remove();
  columns.splice(columns.indexOf(column), 1);
  part("add").disabled = false;
  part("add").focus();
  write();
}

part("add").addEventListener("click", () => {
  const column = new Column();
  const shown = columns.map(({ model }) => model);
  column.offer(models, more, models.find((model) => !shown.includes(model)));
  take(column);
  place.append(column.element);
  column.focus();
});

part("clear").addEventListener("click", () => {
  for (const column of columns) column.clear();
  text.focus();
  write();
});

/** The first models of the chosen token, by a search if there is one, and whether there are more. */
async function page(search = "") {
  const answer = await call("GET", `/models?token=${token.value}&q=${encodeURIComponent(search)}`);
  return { models: answer.models.map(({ id }) => id), more: answer.more };
}

function suggest(found) {
  document.getElementById("models").replaceChildren(...found.map((model) => new Option(model, model)));
}

/** Where there are more models than are offered, look for what is being typed. */
async function search(text) {
  const turn = ++searches;
  await new Promise((resolve) => setTimeout(resolve, TYPING));
  if (turn !== searches) return;
  const found = await page(text).catch(() => null);
  if (found && turn === searches) suggest(found.models);
}

place.addEventListener("input", ({ target }) => target.matches("[data-other]") && search(target.value.trim()));

/** Offer the models of the chosen token. */
async function offer() {
  const wrong = part("wrong");
  try {
    ({ models, more } = await page());
    wrong.hidden = true;
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    return;
  }
  suggest(models);
  for (const column of columns) column.offer(models, more);
  ready();
  write();
}

token.addEventListener("change", offer);

// Asking

/** A number as one, any other text as it is: the refusal of the gateway says what is wrong with it. */
const number = (text) => (/^-?\d*\.?\d+$/.test(text) ? Number(text) : text);

function settings() {
  const body = {};
  for (const name of ["temperature", "max_tokens"]) {
    const value = document.getElementById(`f-${name}`).value.trim();
    if (value) body[name] = number(value);
  }
  return body;
}

/** The messages in front of the conversation: the system prompt, if there is one. */
function before() {
  const content = document.getElementById("f-system").value.trim();
  return content ? [{ role: "system", content }] : [];
}

/** Show the button that fits: nothing can be sent without a model, or while answers come. */
function ready(asking = !part("stop").hidden) {
  const send = part("send");
  const stop = part("stop");
  // Hiding a button that has the focus would lose it.
  const refocus = document.activeElement === (asking ? send : stop);
  part("no-models").hidden = models.length > 0;
  send.hidden = asking;
  send.disabled = models.length === 0;
  stop.hidden = !asking;
  if (refocus) (asking ? stop : text).focus();
}

async function send() {
  const question = text.value.trim();
  if (!question || part("send").hidden || part("send").disabled) return;
  text.value = "";
  ready(true);
  await Promise.all(columns.map((column) => column.ask(token.value, question, before(), settings())));
  ready(false);
  write();
}

part("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

text.addEventListener("keydown", (event) => {
  // Enter also ends the choice of a Chinese word, which is no reason to send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});

part("stop").addEventListener("click", () => {
  for (const column of columns) column.stop();
  text.focus();
});

part("settings").addEventListener("submit", (event) => event.preventDefault());

// As code

/** Write the next request, with the first column's model, as code. */
function write() {
  const [first] = columns;
  const messages = [...before(), ...first.turns];
  const next = text.value.trim();
  if (next || !first.turns.length) messages.push({ role: "user", content: next || "Hello!" });
  const body = { model: first.model, messages, ...settings() };
  for (const [name, snippet] of Object.entries(SNIPPETS)) {
    document.getElementById(`code-${name}`).textContent = snippet(code.dataset.root, body);
  }
}

document.addEventListener("input", write);
tabs(code);
take(new Column(place.firstElementChild));
ready(false);
write();
if (isTouched(token)) offer();
