// A filter applies as soon as it is chosen; without scripts there is a button. Arrow keys pass every value on the way to
// the one that is meant: who chooses by them presses Enter or the button.

import { isTouched } from "../base/fields.js";

const form = document.querySelector("[data-filters]");
const button = form.querySelector("button");
let isByKeys = false;

button.hidden = true;
form.addEventListener("pointerdown", () => (isByKeys = false));
form.addEventListener("keydown", () => (isByKeys = true));
form.addEventListener("change", () => {
  if (isByKeys) button.hidden = false;
  else form.requestSubmit();
});
form.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});
// A page that the browser kept comes back as it was left: with the filter that led to the next one.
addEventListener("pageshow", ({ persisted }) => persisted && form.reset());
if ([...form.querySelectorAll("select")].some(isTouched)) form.requestSubmit();
