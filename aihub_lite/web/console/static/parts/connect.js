// A new key, the settings of each client, and the light that turns green when the first call arrives.

import { call } from "../base/api.js";
import { tabs } from "./tabs.js";

const PAUSE = 1500;
const part = document.querySelector("[data-connect]");
let key = "";

function fill(what, text) {
  for (const place of document.querySelectorAll(`[data-fill=${what}]`)) place.textContent = text;
}

/** Put a key into everything that wants one; it is kept in this page's memory alone. */
function know(text) {
  key = text;
  fill("key", key);
  fill("hash", `#${key}`);
  for (const link of document.querySelectorAll("[data-deep-link]")) link.hidden = false;
  for (const place of document.querySelectorAll("[data-key-wanted]")) place.hidden = true;
  for (const place of document.querySelectorAll("[data-key-known]")) place.hidden = false;
}

/** Show a key that was just created; no page shows it again. The page is the token's from now on. */
export function showKey(answer) {
  know(answer.key);
  const fresh = document.querySelector("[data-fresh]");
  fresh.hidden = false;
  for (const place of document.querySelectorAll("[data-after-key]")) place.hidden = false;
  const address = location.pathname.replace(/\/new$/, `/${answer.id}`);
  history.replaceState(null, "", address);
  for (const input of document.querySelectorAll(".taste [name=then]")) input.value = address;
  for (const link of document.querySelectorAll("[data-own-page]")) link.href = address;
  document.title = document.title.replace(/^.* · /, `${answer.name} · `);
  document.querySelector("h1").textContent = answer.name;
  fresh.focus();
  scrollTo({ top: 0 });
  // What called with the key before does not have this one.
  show("light", hint("waiting"));
  watch(answer.id);
}

// A key that is known only to whoever was given it

const wanted = document.querySelector("[data-key-wanted]");
const pasted = wanted?.querySelector("input");

/** The last characters of a key are known: another token's does not fit. */
function isOwn(text) {
  return /^sk-[\x21-\x7e]+$/.test(text) && text.endsWith(wanted.dataset.ending);
}

function take() {
  const text = pasted.value.trim();
  const wrong = wanted.querySelector("[data-wrong-key]");
  wrong.hidden = !text || isOwn(text);
  pasted.setAttribute("aria-invalid", String(!wrong.hidden));
  if (!text || !wrong.hidden) return;
  pasted.value = "";
  know(text);
  document.querySelector("[data-key-known]").focus();
}

pasted?.addEventListener("input", take);
wanted?.addEventListener("submit", (event) => {
  event.preventDefault();
  take();
});
// Somebody quick has pasted it before this script was there.
if (pasted?.value) take();

document.addEventListener("masked", () => {
  if (!wanted || wanted.hidden) return;
  wanted.scrollIntoView({ block: "center" });
  pasted.focus();
});

// Clients

tabs(part);
const model = part.querySelector("[data-choose-model]");

function fillModel() {
  fill("model", model.value);
  const chosen = [...(model.options ?? model.list.options)].find(({ value }) => value === model.value);
  const size = chosen?.dataset.window;
  for (const place of part.querySelectorAll("[data-window]:not(option)")) {
    place.textContent = size ? `${place.dataset.window}${size}\n` : "";
  }
}

model?.addEventListener("change", fillModel);
// It may have been chosen before this script ran.
if (model) fillModel();

// Links that set an app up

const base64 = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));

const LINKS = {
  chatbox: (root) => {
    const settings = { apiHost: `${root}/v1`, apiPath: "/chat/completions", apiKey: key, models: [] };
    const config = { id: `aihub-lite-${location.host}`, name: "aihub-lite", type: "openai", urls: {}, settings };
    return `chatbox://provider/import?config=${encodeURIComponent(base64(config))}`;
  },
  cherry: (root) => {
    const config = { id: `aihub-lite-${location.host}`, name: "aihub-lite", type: "openai", baseUrl: root, apiKey: key };
    // Its own alphabet: "_" for "+" and "-" for "/".
    const data = base64(config).replaceAll("+", "_").replaceAll("/", "-");
    return `cherrystudio://providers/api-keys?v=1&data=${data}`;
  },
};

part.addEventListener("click", (event) => {
  const link = event.target.closest("[data-deep-link]");
  if (link) link.href = LINKS[link.dataset.deepLink](link.dataset.root);
});

// The light

const hint = (name) => part.querySelector(`[data-hint="${name}"]`)?.textContent;
let watched = "";

function show(look, text) {
  part.querySelector("[data-signal] .light").className = look;
  part.querySelector("[data-signal-text]").textContent = text;
}

function signal({ client, error, path }) {
  let look = "light good";
  let text = hint("seen");
  if (error) {
    look = "light bad";
    text = `${hint("refused")} ${hint(error.code) ?? ""} ${error.message} (${path})`;
  }
  show(look, text.replace("CLIENT", client || hint("unknown_client")));
}

/** Look for a call of this token until there is one that was answered. */
export async function watch(token) {
  watched = token;
  while (watched === token) {
    if (!document.hidden) {
      const sighting = await call("GET", `/tokens/${token}/sighting`).catch(() => null);
      // Another key may have been created while this was under way.
      if (sighting?.seen && watched === token) {
        signal(sighting);
        if (!sighting.error) return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

if (part.dataset.token) watch(part.dataset.token);
