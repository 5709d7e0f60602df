// Presets that fill the form, the upstream's models to pick from, and a real call with each key.

import { call } from "./api.js";
import { duration } from "./format.js";

// Presets

const preset = document.querySelector("[data-presets]");

function explain() {
  const chosen = preset.selectedOptions[0].dataset;
  const help = document.querySelector("[data-keys-help]");
  const kind = "local" in chosen ? "local" : "atHand" in chosen ? "atHand" : "needed";
  help.textContent = help.dataset[kind].replace("ENV", chosen.env || "NAME");
  document.getElementById("f-base_url").placeholder = chosen.url;
}

function suggestName(before) {
  const name = document.getElementById("f-name");
  if (name.value.trim() === "" || name.value === before) name.value = preset.value;
}

if (preset) {
  let before = preset.value;
  preset.addEventListener("change", () => {
    suggestName(before);
    before = preset.value;
    explain();
  });
  explain();
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
  const body = { provider: value("provider"), keys: value("keys").split(/[\s,]+/).filter(Boolean) };
  return call(method, path, { ...body, base_url: value("base_url") || null });
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
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("[data-offers] li")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
});

// A test

const tester = document.querySelector("[data-test]");
tester?.addEventListener("click", async () => {
  const results = [...document.querySelectorAll("[data-result]")];
  tester.setAttribute("aria-busy", "true");
  for (const place of results) place.textContent = "…";
  try {
    const { keys } = await call("POST", tester.dataset.test, { model: document.querySelector("[data-test-model]").value });
    keys.forEach((key, number) => {
      const text = key.ok ? `${tester.dataset.passed} · ${duration(key.ms)}` : `${key.status || ""} ${key.error}`.trim();
      const chip = document.createElement("span");
      chip.className = key.ok ? "chip good" : "wrong";
      chip.textContent = text;
      results[number].replaceChildren(chip);
    });
  } catch (error) {
    for (const place of results) place.textContent = error.message;
  } finally {
    tester.removeAttribute("aria-busy");
  }
});
