// A route: its models are put in order by dragging or by arrow keys, and beside them stands what a request would try.

import { call } from "../base/api.js";
import { readPage } from "../base/page.js";
import { watchForm } from "../base/unsaved.js";

const form = document.getElementById("route");
const steps = document.getElementById("steps");
const stepOf = (element) => element.closest(".step");

// Order

/** Say where a model stands now, for who cannot see it move. */
function announce(step) {
  const place = [...steps.children].indexOf(step) + 1;
  const model = step.querySelector("[data-field=model]").value;
  document.getElementById("moved").textContent = form.dataset.moved.replace("{model}", model).replace("{place}", place);
}

function move(step, before) {
  if (before === step || before === step.nextSibling) return;
  steps.insertBefore(step, before);
  form.dispatchEvent(new Event("change"));
  announce(step);
}

steps.addEventListener("keydown", (event) => {
  if (!event.target.matches(".handle")) return;
  const step = stepOf(event.target);
  const { previousElementSibling: above, nextElementSibling: below } = step;
  if (event.key === "ArrowUp" && above) move(step, above);
  else if (event.key === "ArrowDown" && below) move(step, below.nextElementSibling);
  else return;
  event.preventDefault();
  event.target.focus();
});

let dragged = null;

steps.addEventListener("dragstart", (event) => {
  if (!event.target.matches(".handle")) return;
  dragged = stepOf(event.target);
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
});

steps.addEventListener("dragover", (event) => {
  const over = dragged && stepOf(event.target);
  if (!over) return;
  event.preventDefault();
  const { top, height } = over.getBoundingClientRect();
  const below = event.clientY > top + height / 2;
  if (over !== dragged) move(dragged, below ? over.nextElementSibling : over);
});

steps.addEventListener("drop", (event) => event.preventDefault());

steps.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
});

// Who fills the last one gets another.
steps.addEventListener("input", (event) => {
  const step = stepOf(event.target);
  if (!event.target.matches("[data-field=model]") || !event.target.value || step !== steps.lastElementChild) return;
  const next = step.cloneNode(true);
  const number = steps.children.length;
  for (const input of next.querySelectorAll("input")) {
    input.value = "";
    input.removeAttribute("value");
    if (!input.id) continue;
    const id = `f-${number}-${input.dataset.field}`;
    next.querySelector(`label[for="${input.id}"]`).htmlFor = id;
    input.id = id;
  }
  next.querySelector("details").open = false;
  steps.append(next);
});

// Saving

/** What is no number goes out as it is: the refusal of the admin API says what is wrong. */
function number(text) {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function stepFields(step) {
  const fields = {};
  for (const input of step.querySelectorAll("[data-field]")) {
    const text = input.value.trim();
    if (!text) continue;
    const isNumber = ["below_budget", "over_tokens"].includes(input.dataset.field);
    fields[input.dataset.field] = isNumber ? number(text.replace(/\s*%$/, "")) : text;
  }
  return fields;
}

function body() {
  const patience = form.elements.patience.value.trim();
  return {
    // A step without a model was emptied to be left out.
    steps: [...steps.children].map(stepFields).filter((fields) => fields.model),
    on: [...form.querySelectorAll("[name=on]:checked")].map((box) => box.value),
    patience: patience ? number(patience) : null,
  };
}

const keep = watchForm(form, () => [form.elements.name?.value.trim(), body()]);

function complain(message) {
  const place = document.getElementById("complaint");
  place.textContent = message;
  place.hidden = !message;
  if (message) place.scrollIntoView({ block: "nearest" });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  complain("");
  const button = form.querySelector("button:not([type=button])");
  const saved = document.getElementById("saved");
  saved.textContent = "";
  button.setAttribute("aria-busy", "true");
  try {
    const name = form.dataset.route;
    if (name === undefined) {
      const made = await call("POST", "/routes", { name: form.elements.name.value.trim(), ...body() });
      keep();
      location.assign(`/console/routes/named/${encodeURIComponent(made.name)}`);
      return;
    }
    await call("PATCH", `/routes/${encodeURIComponent(name)}`, body());
    keep();
    saved.textContent = saved.dataset.text;
    await explain();
  } catch (error) {
    complain(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

// What a request would try

/** The page is read again for the token that was chosen: it says what a request would try in the reader's language. */
async function explain() {
  const token = document.getElementById("for-token");
  if (!token) return;
  try {
    const page = await readPage(`${location.pathname}?${new URLSearchParams({ token: token.value })}`);
    for (const id of ["ways", "refused"]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id).replaceWith(fresh);
    }
  } catch (error) {
    const refused = document.getElementById("refused");
    document.getElementById("ways").replaceChildren();
    refused.textContent = error.message;
    refused.hidden = false;
  }
}

document.getElementById("for-token")?.addEventListener("change", explain);
