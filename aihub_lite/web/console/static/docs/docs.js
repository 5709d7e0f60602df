// The documentation: the reader's key in every example, copying, tabs, running, search, and keys to turn pages.

import "../base/copy.js";
import { tabs } from "../parts/tabs.js";
import { find } from "./search.js";
import { offerRuns } from "./run.js";

for (const button of document.querySelectorAll(".code [data-copy]")) button.dataset.copied = document.body.dataset.copied;
for (const part of document.querySelectorAll(".tabbed")) {
  tabs(part);
  for (const tab of part.querySelectorAll("[role=tab][aria-selected=false]")) tab.tabIndex = -1;
}

// A key that is typed in stays in this page: it is neither stored nor sent, but by a call that the reader runs.
const own = document.getElementById("own-key");
export const key = () => own.value.trim();
own.addEventListener("input", () => {
  for (const place of document.querySelectorAll('[data-fill="key"]')) place.textContent = key() || "sk-your-key";
});
own.form.addEventListener("submit", (event) => event.preventDefault());

// The rail scrolls by itself: whoever came by search sees where they are.
const rail = document.querySelector(".docs-contents");
const here = rail.querySelector(".docs-sections > ul [aria-current]");
if (here) rail.scrollTop = Math.max(0, here.offsetTop - rail.clientHeight / 2);

offerRuns(key);
find(document.getElementById("search"), document.getElementById("found"));

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") document.querySelector("a[rel=next]")?.click();
  if (event.key === "k") document.querySelector("a[rel=prev]")?.click();
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search").focus();
  }
});

// The list of models, by what their rows say.
const filter = document.querySelector("[data-filter]");
filter?.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let shown = 0;
  for (const row of document.querySelectorAll("#models tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    if (!row.hidden) shown += 1;
  }
  document.querySelector("[data-no-match]").hidden = shown > 0;
});
