// The playground: one conversation with up to three models at once. All of it is in this page's memory.

import { call } from "./api.js";
import { Column } from "./columns.js";
import { SNIPPETS } from "./snippets.js";
import { tabs } from "./tabs.js";

const part = (name) => document.querySelector(`[data-${name}]`);
const place = part("columns");
const token = part("token");
const text = document.getElementById("f-text");
const code = part("code");
const columns = [];
let models = [...place.querySelector("[data-model]").options].map((option) => option.value);

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
  const taken = columns.map(({ model }) => model);
  column.offer(models, models.find((model) => !taken.includes(model)));
  take(column);
  place.append(column.element);
  column.select.focus();
});

part("clear").addEventListener("click", () => {
  for (const column of columns) column.clear();
  text.focus();
  write();
});

token.addEventListener("change", async () => {
  const wrong = part("wrong");
  try {
    models = (await call("GET", `/models?token=${token.value}`)).map(({ id }) => id);
    wrong.hidden = true;
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    return;
  }
  for (const column of columns) column.offer(models);
  ready();
  write();
});

// Asking

const number = (input) => (/^-?\d*\.?\d+$/.test(input) ? Number(input) : input);

function settings() {
  const given = ["temperature", "max_tokens"].map((name) => [name, document.getElementById(`f-${name}`).value.trim()]);
  return Object.fromEntries(given.filter(([, value]) => value).map(([name, value]) => [name, number(value)]));
}

function before() {
  const content = document.getElementById("f-system").value.trim();
  return content ? [{ role: "system", content }] : [];
}

/** Nothing can be sent without a model, or while answers come. */
function ready(asking = !part("stop").hidden) {
  const [send, stop] = [part("send"), part("stop")];
  const left = document.activeElement === (asking ? send : stop);
  part("no-models").hidden = models.length > 0;
  send.hidden = asking;
  send.disabled = models.length === 0;
  stop.hidden = !asking;
  if (left) (asking ? stop : text).focus();
}

async function send() {
  const said = text.value.trim();
  if (!said || part("send").hidden || part("send").disabled) return;
  text.value = "";
  ready(true);
  await Promise.all(columns.map((column) => column.ask(token.value, said, before(), settings())));
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

function write() {
  const [first] = columns;
  const next = text.value.trim() || (first.turns.length ? "" : "Hello!");
  const messages = [...before(), ...first.turns, ...(next ? [{ role: "user", content: next }] : [])];
  const body = { model: first.model, messages, ...settings() };
  for (const [name, snippet] of Object.entries(SNIPPETS)) {
    document.getElementById(`code-${name}`).textContent = snippet(code.dataset.root, token.selectedOptions[0].dataset.hint, body);
  }
}

document.addEventListener("input", write);
tabs(code);
take(new Column(place.firstElementChild));
ready(false);
write();
