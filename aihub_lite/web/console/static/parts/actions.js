// Buttons that call the admin API: `data-call` says what, with `data-body`, `data-ask` asks first, `data-then` says what follows, and
// `data-undo` the call that puts it back; what was deleted is in the answer.

import { call } from "../base/api.js";
import { offer } from "../base/undo.js";

/** Ask in a dialog; resolves to whether the reader agreed. */
export function confirmed(button) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-title").textContent = button.dataset.ask;
  document.getElementById("ask-text").textContent = button.dataset.askText ?? "";
  document.getElementById("ask-yes").textContent = button.textContent.trim();
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function complain(message) {
  const place = document.getElementById("complaint");
  place.textContent = message;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

function undoing(button, answer) {
  const [method, path] = button.dataset.undo.split(" ");
  return answer?.was ? [method, path, answer.was] : [method, path];
}

async function follow(button, answer) {
  const then = button.dataset.then;
  if (button.dataset.undo) offer(button.dataset.undoText, [undoing(button, answer)]);
  if (then === "reload") location.reload();
  else if (then === "key") (await import("./connect.js")).showKey(answer);
  else if (then) location.assign(then);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-call]");
  if (!button || button.getAttribute("aria-busy")) return;
  if (button.dataset.ask && !(await confirmed(button))) return;
  const [method, path] = button.dataset.call.split(" ");
  button.setAttribute("aria-busy", "true");
  try {
    await follow(button, await call(method, path, button.dataset.body && JSON.parse(button.dataset.body)));
  } catch (error) {
    complain(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
});
