// Tabs: one of the panels that they name is shown; arrow keys go from one to the next.

function choose(part, tab) {
  for (const each of part.querySelectorAll("[role=tab]")) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
}

/** Bring the tabs of a part of the page to life. */
export function tabs(part) {
  part.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(part, tab);
  });

  part.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || event.target.role !== "tab") return;
    event.preventDefault();
    const all = [...part.querySelectorAll("[role=tab]")];
    const next = all.at((all.indexOf(event.target) + step) % all.length);
    choose(part, next);
    next.focus();
  });
}
