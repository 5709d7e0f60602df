// Rows of a list that are chosen, and what is done to all of them together: `data-bulk` names the list's noun.

import { call } from "../base/api.js";
import { offer } from "../base/undo.js";
import { confirmed } from "./actions.js";

const bar = document.querySelector("[data-bulk]");
const boxes = [...document.querySelectorAll("[data-pick]")];
const all = document.querySelector("[data-pick-all]");
const count = bar.querySelector("[data-count]");
const group = bar.querySelector("[name=group]");
const noun = bar.dataset.bulk;
const chosen = () => boxes.filter((box) => box.checked);
let before = null;

function show() {
  const number = chosen().length;
  bar.hidden = number === 0;
  count.textContent = count.dataset.count.replace("COUNT", number);
  all.checked = number > 0 && number === boxes.length;
  all.indeterminate = number > 0 && number < boxes.length;
}

function choose(picked) {
  for (const box of boxes) box.checked = picked && !box.closest("tr").hidden;
  show();
}

all.addEventListener("change", () => choose(all.checked));
bar.querySelector("[data-none]").addEventListener("click", () => {
  choose(false);
  all.focus();
});
for (const box of boxes) {
  box.addEventListener("click", ({ shiftKey }) => {
    // From the last one that was pressed to this one, as in every list.
    const [first, last] = [boxes.indexOf(before ?? box), boxes.indexOf(box)].sort((a, b) => a - b);
    if (shiftKey) for (const between of boxes.slice(first, last + 1)) between.checked = box.checked;
    before = box;
    show();
  });
}

/** The calls that put back what was done to the rows of an answer. */
function undoing(action, done) {
  const path = `/${noun}/many`;
  const calls = [];
  if (action === "group") {
    for (const was of new Set(done.map((row) => row.was.group))) {
      const refs = done.filter((row) => row.was.group === was).map(({ id }) => id);
      calls.push(["POST", path, { refs, do: "group", group: was }]);
    }
  } else if (action === "pause" || action === "resume") {
    const wasPaused = action === "resume";
    const refs = done.filter((row) => row.was.paused === wasPaused).map(({ id }) => id);
    // What the gateway paused is not paused again by hand: it would be so for another reason.
    if (refs.length && !wasPaused) calls.push(["POST", path, { refs, do: "resume" }]);
  } else if (action !== "delete") {
    const wasEnabled = action === "disable";
    const refs = done.filter((row) => row.was.enabled === wasEnabled).map(({ id }) => id);
    if (refs.length) calls.push(["POST", path, { refs, do: wasEnabled ? "enable" : "disable" }]);
  }
  return calls;
}

bar.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || button.getAttribute("aria-busy")) return;
  if (button.dataset.ask && !(await confirmed(button))) return;
  const action = button.dataset.do;
  const body = { refs: chosen().map((box) => box.dataset.pick), do: action };
  if (action === "group") body.group = group.value.trim();
  const place = document.getElementById("complaint");
  button.setAttribute("aria-busy", "true");
  try {
    const { done, failed } = await call("POST", `/${noun}/many`, body);
    if (failed.length) throw new Error(failed.map(({ message }) => message).join(" "));
    offer(bar.dataset.done.replace("COUNT", done.length), undoing(action, done));
    location.reload();
  } catch (error) {
    place.textContent = error.message;
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  } finally {
    button.removeAttribute("aria-busy");
  }
});
// Enter in the group's field means its button, not the browser's own sending.
bar.addEventListener("submit", (event) => {
  event.preventDefault();
  bar.querySelector("[data-do=group]").click();
});
addEventListener("pageshow", show);
show();
