// A filter applies as soon as it is chosen; without scripts there is a button.

const form = document.querySelector("[data-filters]");
form.querySelector("button").hidden = true;
form.addEventListener("change", () => {
  for (const select of form.querySelectorAll("select")) select.disabled = !select.value;
  form.requestSubmit();
});
