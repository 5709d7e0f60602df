// The fresh key, the settings of each client, and the light that turns green when the first call arrives.

import { call } from "./api.js";
import { tabs } from "./tabs.js";

const PAUSE = 1500;
const part = document.querySelector("[data-connect]");
let key = "";

function fill(what, text) {
  for (const place of document.querySelectorAll(`[data-fill=${what}]`)) place.textContent = text;
}

/** Show a key that was just made: it is nowhere but in this page. */
export function showKey(answer) {
  key = answer.key;
  fill("key", key);
  const fresh = document.querySelector("[data-fresh]");
  fresh.hidden = false;
  for (const place of document.querySelectorAll("[data-after-key]")) place.hidden = false;
  for (const link of document.querySelectorAll("[data-deep-link]")) link.hidden = false;
  fresh.focus();
  scrollTo({ top: 0 });
  watch(answer.id);
}

// Clients

tabs(part);
part.querySelector("[data-choose-model]")?.addEventListener("change", (event) => fill("model", event.target.value));

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

function signal(seen) {
  const light = part.querySelector(".light");
  light.className = seen.error ? "light bad" : "light good";
  const client = seen.client || hint("unknown_client");
  const text = seen.error
    ? `${hint("refused")} ${hint(seen.error.code) ?? ""} ${seen.error.message} (${seen.path})`
    : hint("seen");
  part.querySelector("[data-signal-text]").textContent = text.replace("CLIENT", client);
}

/** Look for a call of this token until there is one that was answered. */
export async function watch(token) {
  watched = token;
  while (watched === token) {
    if (!document.hidden) {
      const seen = await call("GET", `/tokens/${token}/sighting`).catch(() => null);
      if (seen?.seen && watched === token) {
        signal(seen);
        if (!seen.error) return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

if (part.dataset.token) watch(part.dataset.token);
