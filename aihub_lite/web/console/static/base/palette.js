// Search over all that the console has: `/` or Ctrl-K opens it, arrow keys choose, Enter goes there.

const PAUSE = 150;
const dialog = document.getElementById("search");
const field = dialog.querySelector("input");
const list = dialog.querySelector("[role=listbox]");
const nothing = dialog.querySelector("[data-nothing]");
const pages = [...dialog.querySelectorAll("[data-page]")];
let turns = 0;

const options = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

function choose(option) {
  for (const other of list.querySelectorAll("[aria-selected=true]")) other.setAttribute("aria-selected", "false");
  if (!option) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function optionFor({ kind, name, detail, address }, number) {
  // With the picture of the page that lists its kind: its own page lies below that.
  const option = pages.find(({ pathname }) => pathname !== "/console" && address.startsWith(`${pathname}/`)).cloneNode(true);
  delete option.dataset.page;
  option.id = `hit-${number}`;
  option.hidden = false;
  option.href = address;
  option.setAttribute("aria-selected", "false");
  option.querySelector("[data-name]").textContent = name;
  option.querySelector("[data-detail]").textContent = [dialog.getAttribute(`data-of-${kind}`), detail].filter(Boolean).join(" · ");
  return option;
}

async function found(text) {
  const answer = await fetch(`/console/search?q=${encodeURIComponent(text)}`, { headers: { accept: "application/json" } });
  if (answer.redirected) location.assign(answer.url);
  return answer.ok ? (await answer.json()).hits : [];
}

/** Show what the field's text finds, as it is now: somebody quick has typed before this script was there. */
export async function look() {
  const text = field.value.trim();
  const wanted = text.toLowerCase();
  const turn = ++turns;
  for (const page of pages) page.hidden = !page.textContent.toLowerCase().includes(wanted);
  choose(options().find((option) => "page" in option.dataset));
  if (!wanted) {
    for (const hit of list.querySelectorAll("[role=option]:not([data-page])")) hit.remove();
    nothing.hidden = true;
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  if (turn !== turns) return;
  const hits = await found(text).catch(() => []);
  if (turn !== turns) return;
  for (const hit of list.querySelectorAll("[role=option]:not([data-page])")) hit.remove();
  list.append(...hits.map(optionFor));
  nothing.hidden = options().length > 0;
  choose(options()[0]);
}

field.addEventListener("input", look);
field.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length };
  if (event.key in steps && all.length) {
    event.preventDefault();
    choose(all[steps[event.key] % all.length]);
  }
  if (event.key === "Enter") {
    event.preventDefault();
    all[at]?.click();
  }
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
