// On every page of the console behind the sign-in: copying, local times, search, undo and the reader's time zone.

import "./copy.js";
import "./undo.js";
import { showTimes } from "./times.js";

showTimes();

// Search

/** The dialog opens at once, with what was typed last selected; what looks for it may come a moment later. */
async function search() {
  const dialog = document.getElementById("search");
  // A member's pages have none.
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input").select();
  (await import("./palette.js")).look();
}

const TYPED_IN = "input, textarea, select, [contenteditable]";

addEventListener("keydown", (event) => {
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.(TYPED_IN);
  const isK = event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
  if ((!isSlash && !isK) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  search();
});
document.querySelector("[data-open-search]")?.addEventListener("click", search);

// Reports are cut into days of the reader's zone, which the server learns from this cookie.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`aihub_zone=${zone}`)) {
  document.cookie = `aihub_zone=${zone}; path=/console; max-age=31536000; samesite=strict`;
  if (location.pathname === "/console/statistics" && document.cookie.includes("aihub_zone=")) location.reload();
}
