// Times in the reader's zone and language. Until this runs, the page shows them in UTC.

const language = document.documentElement.lang;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const dated = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

const STEPS = [
  ["second", 1, 60],
  ["minute", 60, 60],
  ["hour", 3600, 24],
  ["day", 86400, 14],
];

/** "5 min ago" for what is near, else the date. */
export function ago(moment, now = Date.now()) {
  const seconds = Math.round((moment - now) / 1000);
  for (const [unit, size, most] of STEPS) {
    if (Math.abs(seconds) < size * most) return relative.format(Math.trunc(seconds / size), unit);
  }
  return dated.format(moment);
}

const SHOWN = { ago, clock: (moment) => clock.format(moment), day: (moment) => dated.format(moment) };

export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    element.textContent = SHOWN[element.dataset.as](moment);
    element.title = exact.format(moment);
  }
}
