// Search over all pages, in the browser: the index is fetched at the first letter.

let index = null;
const BETWEEN_WORDS = /[\s"'“”()[\]{},;]+/;
/** Shorter words of a message stand anywhere. */
const TELLING = 5;

/** The anchor of a heading that is made of its words. */
const anchorOf = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "section";

/** The pages of an index with their words, which it has in order: each after how many letters are those of the word
 * before it, and by turns with its pages, each as the character that is so far behind `"` as it is behind the last. */
function opened(told) {
  const heading = (own) => {
    const text = typeof own === "number" ? told.headings[own] : own;
    return Array.isArray(text) ? text : [anchorOf(text), text];
  };
  const pages = told.pages.map(([slug, title, summary, headings]) => ({
    slug,
    title,
    summary,
    headings: headings.map(heading),
    words: "",
  }));
  const pieces = told.words.split(" ");
  let word = "";
  for (let number = 0; number + 1 < pieces.length; number += 2) {
    word = word.slice(0, parseInt(pieces[number][0], 36)) + pieces[number].slice(1);
    let place = -1;
    for (const far of pieces[number + 1]) {
      place += far.charCodeAt(0) - 34;
      pages[place].words += ` ${word}`;
    }
  }
  return pages;
}

/** How well a page matches; 0 where it lacks a word of them, but where it may lack some. */
function score(page, words, some) {
  let sum = 0;
  const title = page.title.toLowerCase();
  const headings = page.headings.map(([, heading]) => heading.toLowerCase());
  for (const word of words) {
    if (title.includes(word)) sum += 8;
    else if (headings.some((heading) => heading.includes(word))) sum += 4;
    else if (page.summary.toLowerCase().includes(word)) sum += 2;
    else if (page.words.includes(word)) sum += 1;
    else if (!some) return 0;
  }
  return sum;
}

/** The pages that have all words, the best first; where none has, as for a whole message, those that have most. */
function ranked(pages, words) {
  const by = (sought, some) =>
    pages
      .map((page) => [score(page, sought, some), page])
      .filter(([points]) => points)
      .sort(([a], [b]) => b - a);
  const hits = words.length ? by(words, false) : [];
  if (hits.length || words.length < 2) return hits;
  return by(
    words.filter((word) => word.length >= TELLING),
    true,
  );
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
    index ??= fetch("/docs/search.json").then((answer) => (answer.ok ? answer.json().then(opened) : []));
    const pages = await index;
    const words = field.value.toLowerCase().split(BETWEEN_WORDS).filter(Boolean);
    const hits = ranked(pages, words);
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
