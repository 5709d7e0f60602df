// Forms that call the admin API: `data-call` says what, `data-then` what follows. A PATCH sends only what was changed.

import { call } from "./api.js";

const local = (moment) => new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

const READ = {
  text: (input) => input.value.trim() || null,
  list: (input) => input.value.split(/[\s,]+/).filter(Boolean),
  moment: (input) => (input.value ? new Date(input.value).toISOString().replace(".000Z", "Z") : null),
  number: (input) => {
    const text = input.value.trim();
    return text === "" ? null : /^-?\d+$/.test(text) ? Number(text) : text;
  },
  budget: (input) => {
    const amount = input.value.trim();
    return amount ? `${amount}/${document.getElementById(input.dataset.period).value}` : null;
  },
};

function fields(form) {
  return [...form.querySelectorAll("[data-kind]")];
}

function values(form) {
  return Object.fromEntries(fields(form).map((input) => [input.name, READ[input.dataset.kind](input)]));
}

function changed(now, before) {
  const different = ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]);
  return Object.fromEntries(Object.entries(now).filter(different));
}

/** `field: what is wrong` goes beside the field. */
function complain(form, message) {
  const [, name, text] = /^(\w+)[\w.]*: (.*)$/s.exec(message) ?? [];
  const input = name && fields(form).find((each) => each.name.startsWith(name));
  const place = input ? document.createElement("span") : form.querySelector("[data-complaint]");
  place.textContent = input ? text : message;
  place.hidden = false;
  if (!input) return;
  place.className = "wrong";
  place.setAttribute("role", "alert");
  input.closest(".field").append(place);
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

function forgive(form) {
  for (const each of form.querySelectorAll(".wrong")) each.remove();
  for (const each of fields(form)) each.removeAttribute("aria-invalid");
  form.querySelector("[data-complaint]").hidden = true;
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
    location.assign(then.replace("{id}", answer.id));
  }
}

function prepare(form) {
  for (const input of form.querySelectorAll("[data-kind=moment]")) {
    if (input.dataset.value) input.value = local(new Date(input.dataset.value));
  }
  const [method, path] = form.dataset.call.split(" ");
  const part = method === "PATCH";
  let before = values(form);
  if (!part) before = Object.fromEntries(Object.keys(before).map((name) => [name, null]));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    forgive(form);
    const button = form.querySelector("button:not([type=button])");
    button.setAttribute("aria-busy", "true");
    const now = values(form);
    try {
      const answer = await call(method, path, changed(now, before));
      if (part) before = now;
      await follow(form, answer);
    } catch (error) {
      complain(form, error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

for (const form of document.querySelectorAll("form[data-call]")) prepare(form);
