// The form of a channel: presets by provider, the upstream's models to pick from, and a test call with each key.

import { call } from "../base/api.js";
import { listed } from "../base/fields.js";
import { duration } from "../base/format.js";

// Presets

const preset = document.querySelector("[data-presets]");

function explain() {
  const chosen = preset.selectedOptions[0].dataset;
  const help = document.querySelector("[data-keys-help]");
  let kind = "needed";
  if ("local" in chosen) kind = "local";
  else if ("atHand" in chosen) kind = "atHand";
  else if ("ofProject" in chosen) kind = "ofProject";
  else if ("ofRegion" in chosen) kind = "ofRegion";
  help.textContent = help.dataset[kind].replace("ENV", chosen.env || "NAME");
  document.getElementById("f-base_url").placeholder = chosen.url;
  askFor("project", "ofProject" in chosen);
  askFor("region", "ofProject" in chosen || "ofRegion" in chosen);
  document.querySelector("[data-place]").hidden = !("ofProject" in chosen || "ofRegion" in chosen);
}

/** Where a channel is; what was typed in for another provider is not meant. */
function askFor(name, wanted) {
  const input = document.getElementById(`f-${name}`);
  input.closest(".field").hidden = !wanted;
  if (!wanted) input.value = "";
}

/** A name that nobody has typed follows the preset. */
function suggestName(before) {
  const name = document.getElementById("f-name");
  if (name.value.trim() === "" || name.value === before) name.value = preset.value;
}

if (preset) {
  // The page came with the first preset; somebody quick, or a browser that goes back, may have chosen another by now.
  let before = preset.options[0].value;
  const follow = () => {
    suggestName(before);
    before = preset.value;
    explain();
  };
  preset.addEventListener("change", follow);
  follow();
}

// Models to pick from

const models = document.getElementById("f-models");
const lines = () => models.value.split(/[\s,]+/).filter(Boolean);

function choice(model, chosen) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = chosen;
  box.addEventListener("change", () => {
    const others = lines().filter((line) => line !== model);
    models.value = (box.checked ? [...others, model] : others).join("\n");
    models.dispatchEvent(new Event("input", { bubbles: true }));
  });
  label.append(box, model);
  item.append(label);
  return item;
}

function ask(button) {
  const [method, path] = button.dataset.list.split(" ");
  if (method === "GET") return call(method, path);
  const value = (name) => document.getElementById(`f-${name}`).value.trim();
  const body = { provider: value("provider"), keys: listed(value("keys")) };
  const fields = ["base_url", "project", "region", "proxy", "ca", "client_cert", "bind"];
  const where = fields.map((name) => [name, value(name) || null]);
  return call(method, path, { ...body, ...Object.fromEntries(where) });
}

const lister = document.querySelector("[data-list]");
lister?.addEventListener("click", async () => {
  const wrong = document.querySelector("[data-list-wrong]");
  wrong.hidden = true;
  lister.setAttribute("aria-busy", "true");
  try {
    const offered = (await ask(lister)).models;
    const chosen = new Set(lines());
    document.querySelector("[data-offers]").replaceChildren(...offered.map((model) => choice(model, chosen.has(model))));
    document.querySelector("[data-picker]").hidden = false;
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
  } finally {
    lister.removeAttribute("aria-busy");
  }
});

document.querySelector("[data-filter]")?.addEventListener("input", (event) => {
  const text = event.target.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("[data-offers] li")) {
    item.hidden = !item.textContent.toLowerCase().includes(text);
  }
});

// A test

const tester = document.querySelector("[data-test]");
tester?.addEventListener("click", async () => {
  const results = [...document.querySelectorAll("[data-result]")];
  tester.setAttribute("aria-busy", "true");
  for (const place of results) place.textContent = "…";
  try {
    const { keys, way } = await call("POST", tester.dataset.test, { model: document.querySelector("[data-test-model]").value });
    keys.forEach((key, number) => {
      const text = key.ok ? `${tester.dataset.passed} · ${duration(key.ms)}` : `${key.status || ""} ${key.error}`.trim();
      const chip = document.createElement("span");
      chip.className = key.ok ? "chip good" : "wrong";
      chip.textContent = text;
      chip.title = way;
      results[number].replaceChildren(chip);
    });
  } catch (error) {
    for (const place of results) place.textContent = error.message;
  } finally {
    tester.removeAttribute("aria-busy");
  }
});
