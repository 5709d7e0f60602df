// Tabs: the panel of the chosen one is shown; arrow keys go from one to the next.

function choose(part, tab) {
  for (const other of part.querySelectorAll("[role=tab]")) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    // Tab leaves the list; arrow keys move within it.
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

/** Let the tabs within a part of the page react to clicks and keys. */
export function tabs(part) {
  // One that was pressed before this script ran has the focus.
  const pressed = part.querySelector("[role=tab]:focus");
  if (pressed) choose(part, pressed);

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
