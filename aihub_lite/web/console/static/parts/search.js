// A field that narrows the table it names in `data-search` while somebody types; Enter asks the server, which knows
// also the rows that did not fit on the page.

import { isTouched } from "../base/fields.js";

const field = document.querySelector("[data-search]");
const table = document.getElementById(field?.dataset.search);
const none = document.querySelector("[data-no-match]");

function narrow() {
  const text = field.value.trim().toLowerCase();
  let matches = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(text);
    if (!row.hidden) matches += 1;
  }
  table.hidden = matches === 0;
  none.hidden = matches > 0;
}

field?.addEventListener("input", narrow);
if (field && isTouched(field)) narrow();
