// Forms that call the admin API: `data-call` says what, `data-then` what follows. A PATCH sends only what was changed.
// Their method is `dialog`, which does nothing outside of one: a form that is sent before this script has run would else
// become a page's address, with the keys that are typed into it.

import { call } from "../base/api.js";
import { asItCame, isTouched, listed } from "../base/fields.js";
import { offer } from "../base/undo.js";
import { watchForm } from "../base/unsaved.js";

const SECRET = ["keys", "headers", "proxy"];

const local = (moment) => new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

const READ = {
  json: (input) => JSON.parse(input.value),
  text: (input) => input.value.trim() || null,
  secret: (input) => input.value || null,
  list: (input) => listed(input.value),
  lines: (input) => input.value.split("\n").map((line) => line.trim()).filter(Boolean),
  moment: (input) => (input.value ? new Date(input.value).toISOString().replace(".000Z", "Z") : null),
  number: (input) => {
    const text = input.value.trim();
    if (text === "") return null;
    // What is no number goes out as it is: the refusal of the admin API says what is wrong.
    return /^-?\d+$/.test(text) ? Number(text) : text;
  },
  budget: (input, text) => {
    const amount = input.value.trim();
    return amount ? `${amount}/${text(document.getElementById(input.dataset.period))}` : null;
  },
};

/** One budget more than those that a page has: its amount, by the window and for the models that stand beside it. */
READ.more = (input, text) => {
  const amount = input.value.trim();
  const others = JSON.parse(input.dataset.others);
  const [period, scope] = [input.dataset.period, input.dataset.scope].map((id) => text(document.getElementById(id)).trim());
  return amount ? [...others, `${scope && `${scope}=`}${amount}/${period}`] : others;
};

const asItIs = (input) => input.value;

function fields(form) {
  return [...form.querySelectorAll("[data-kind]")];
}

/** Fields named `list.0.field` make the objects of a list; one that nothing is written into is left out. */
function values(form, text = asItIs) {
  const read = (input) => READ[input.dataset.kind]({ value: text(input), dataset: input.dataset }, text);
  const body = {};
  const objects = new Map();
  for (const input of fields(form)) {
    const [list, , field] = input.name.split(".");
    const value = read(input);
    if (!field) {
      body[list] = value;
      continue;
    }
    body[list] ??= [];
    if (value === null) continue;
    if (!objects.has(placeOf(input))) body[list].push(objects.set(placeOf(input), {}).get(placeOf(input)));
    objects.get(placeOf(input))[field] = value;
  }
  return body;
}

/** `list.0` of a field named `list.0.field`. */
const placeOf = (input) => input.name.slice(0, input.name.lastIndexOf("."));

/** The field that a refusal names, as `name` or, in a list, as `list.0.field`, counted as `values` does. */
function named(form, path) {
  const [list, index, field] = path.split(".");
  const inList = fields(form).filter((input) => input.name.startsWith(`${list}.`));
  const places = [...new Set(inList.filter((input) => input.value.trim()).map(placeOf))];
  return inList.find((input) => input.name === `${places[index]}.${field}`) ?? fields(form).find((input) => input.name.startsWith(list));
}

function changed(now, before) {
  const different = ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(now).filter(different));
}

/** A refusal, `field: what is wrong`, beside the field that it names, else above the form. */
function complain(form, message) {
  const [, path, text] = /^([\w.]+): (.*)$/s.exec(message) ?? [];
  const input = path && named(form, path);
  const place = input ? document.createElement("span") : form.querySelector("[data-complaint]");
  place.textContent = input ? text : message;
  place.hidden = false;
  if (!input) return;
  place.className = "wrong";
  place.setAttribute("role", "alert");
  input.closest(".field").append(place);
  unfold(input);
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

/** Open what a field is folded into. */
function unfold(input) {
  const fold = input.closest("details");
  if (fold) fold.open = true;
}

function clearComplaints(form) {
  for (const complaint of form.querySelectorAll(".wrong")) complaint.remove();
  for (const input of fields(form)) input.removeAttribute("aria-invalid");
  form.querySelector("[data-complaint]").hidden = true;
}

/** Offer to put back what a form has changed; `data-undo` says so in words. Nothing can put back a secret, of which the
 * page has no more than a hint. */
function offerUndo(form, path, now, before) {
  const fields = Object.keys(changed(now, before));
  if (!form.dataset.undo || !fields.length || fields.some((field) => SECRET.includes(field))) return;
  const body = Object.fromEntries(fields.map((field) => [field, before[field]]));
  offer(form.dataset.undo, [["PATCH", path, body]]);
}

async function follow(form, answer) {
  const then = form.dataset.then;
  if (then === "saved") {
    const saved = form.querySelector("[data-saved]");
    saved.hidden = false;
    form.addEventListener("input", () => (saved.hidden = true), { once: true });
  } else if (then === "key") {
    form.hidden = true;
    (await import("./connect.js")).showKey(answer);
  } else {
    if (form.dataset.check) await call(...form.dataset.check.replace("{id}", answer.id).split(" ")).catch(() => null);
    location.assign(then.replace("{id}", answer.id));
  }
}

function prepare(form) {
  for (const input of form.querySelectorAll("[data-kind=moment]")) {
    if (!input.dataset.value) continue;
    input.defaultValue = local(new Date(input.dataset.value));
  }
  // A browser that goes back fills in again what was typed, but does not unfold it.
  fields(form).filter(isTouched).forEach(unfold);
  const [method, path] = form.dataset.call.split(" ");
  const isPatch = method === "PATCH";
  let before = values(form, asItCame);
  const keep = watchForm(form, () => values(form), before);
  if (!isPatch) before = Object.fromEntries(Object.keys(before).map((name) => [name, null]));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearComplaints(form);
    const button = form.querySelector("button:not([type=button])");
    button.setAttribute("aria-busy", "true");
    const now = values(form);
    try {
      const answer = await call(method, path, changed(now, before));
      keep();
      if (isPatch) {
        offerUndo(form, path, now, before);
        before = now;
      }
      await follow(form, answer);
    } catch (error) {
      complain(form, error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

for (const form of document.querySelectorAll("form[data-call]")) prepare(form);
