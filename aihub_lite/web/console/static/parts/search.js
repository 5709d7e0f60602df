// A field that narrows the table it names in `data-search` while somebody types; Enter asks the server, which knows
// also the rows that did not fit on the page.

const field = document.querySelector("[data-search]");
const table = document.getElementById(field?.dataset.search);
const none = document.querySelector("[data-no-match]");

field?.addEventListener("input", () => {
  const wanted = field.value.trim().toLowerCase();
  let left = 0;
  for (const row of table.tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    left += row.hidden ? 0 : 1;
  }
  table.hidden = left === 0;
  none.hidden = left > 0;
});
