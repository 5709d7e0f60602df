// The form of a new destination of alerts, whose secret is shown once, and the buttons that send a test.

import { call } from "../base/api.js";

const form = document.getElementById("add");
const complaint = document.getElementById("complaint");
const told = document.getElementById("told");
const panel = document.querySelector("[data-secret]");

function say(place, text) {
  place.textContent = text;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

/** Nothing is named where everything is chosen: what is new in a later release is told, too. */
function chosen() {
  const boxes = [...form.querySelectorAll("[name=events]")];
  const names = boxes.filter((box) => box.checked).map((box) => box.value);
  return names.length === boxes.length ? [] : names;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy")) return;
  const refusal = form.querySelector("[data-complaint]");
  refusal.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const body = { name: form.elements.name.value.trim(), url: form.elements.url.value.trim(), events: chosen() };
    const quiet = form.elements.quiet.value.trim();
    if (quiet) body.quiet = quiet;
    if (form.elements.urgent.checked) body.urgent = true;
    const answer = await call("POST", "/alerts", body);
    if (!answer.secret) return location.reload();
    form.reset();
    panel.querySelector("[data-secret-text]").textContent = answer.secret;
    panel.hidden = false;
    panel.focus();
  } catch (error) {
    say(refusal, error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

for (const button of document.querySelectorAll("button[data-test]")) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    complaint.hidden = told.hidden = true;
    try {
      const answer = await call("POST", `/alerts/${button.dataset.test}/test`);
      if (answer.ok) say(told, `${button.dataset.name}: ${told.dataset.arrived}`);
      else say(complaint, `${button.dataset.name}: ${answer.error}`);
    } catch (error) {
      say(complaint, error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
