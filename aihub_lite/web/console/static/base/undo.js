// What was just changed can be put back for a while, on the page that follows as well.

import { call } from "./api.js";

const PLACE = "aihub_undo";
const FOR = 20_000;
const bar = document.getElementById("undo");
const words = bar.querySelector("[data-undo-text]");
const button = bar.querySelector("[data-undo]");
let hiding;

function kept() {
  const made = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  return made && made.until > Date.now() ? made : null;
}

function hide() {
  sessionStorage.removeItem(PLACE);
  bar.hidden = true;
}

function show() {
  const made = kept();
  if (!made) return;
  words.textContent = made.text;
  button.hidden = !made.calls.length;
  bar.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hide, made.until - Date.now());
}

/** Say what was done; `calls` of the admin API, as method, path and body, put it back. */
export function offer(text, calls) {
  sessionStorage.setItem(PLACE, JSON.stringify({ text, calls, until: Date.now() + FOR }));
  show();
}

button.addEventListener("click", async () => {
  const { calls } = kept() ?? { calls: [] };
  button.setAttribute("aria-busy", "true");
  try {
    for (const [method, path, body] of calls) await call(method, path, body);
    hide();
    location.reload();
  } catch (error) {
    words.textContent = error.message;
  } finally {
    button.removeAttribute("aria-busy");
  }
});
bar.querySelector("[data-undo-close]").addEventListener("click", hide);
show();
