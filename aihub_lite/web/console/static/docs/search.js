// Search over all pages, in the browser: the index is fetched at the first letter.

let index = null;

function score(page, words) {
  let sum = 0;
  for (const word of words) {
    const title = page.title.toLowerCase();
    const headings = page.headings.map(([, heading]) => heading.toLowerCase());
    if (title.includes(word)) sum += 8;
    else if (headings.some((heading) => heading.includes(word))) sum += 4;
    else if (page.summary.toLowerCase().includes(word)) sum += 2;
    else if (page.words.includes(word)) sum += 1;
    else return 0;
  }
  return sum;
}

function link(page, words) {
  const heading = page.headings.find(([, text]) => words.every((word) => text.toLowerCase().includes(word)));
  const item = document.createElement("li");
  const anchor = document.createElement("a");
  item.role = "option";
  anchor.href = `/docs/${page.slug}${heading ? `#${heading[0]}` : ""}`;
  anchor.textContent = heading ? `${page.title}: ${heading[1]}` : page.title;
  const summary = document.createElement("small");
  summary.className = "muted";
  summary.textContent = page.summary;
  anchor.append(summary);
  item.append(anchor);
  return item;
}

/** Shows below a field what matches it; arrow keys go through it, Enter opens the first. */
export function find(field, list) {
  field.addEventListener("input", async () => {
    index ??= fetch("/docs/search.json").then((answer) => (answer.ok ? answer.json() : []));
    const pages = await index;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.length ? pages.map((page) => [score(page, words), page]).filter(([points]) => points) : [];
    hits.sort(([a], [b]) => b - a);
    list.replaceChildren(...hits.slice(0, 8).map(([, page]) => link(page, words)));
    if (words.length && !hits.length) list.append(list.dataset.none);
    list.hidden = !words.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  field.form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
      field.blur();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [field, ...list.querySelectorAll("a")];
    stops.at((stops.indexOf(document.activeElement) + step) % stops.length).focus();
  });
}
