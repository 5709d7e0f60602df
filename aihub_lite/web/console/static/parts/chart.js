// Charts from the tables behind them: a figure names its table, whose first column is the time or the name and whose
// columns with `data-series` are stacked. The table stays on the page: screen readers read it, not the chart.

import { duration, short } from "../base/format.js";

const HEIGHT = 180;
const EDGE = { top: 8, right: 0, bottom: 22, left: 44 };
const SHOWN = { count: short, usd: dollars, ms: duration };
/** Pixels between the labels of the axis and its lines. */
const GAP = 8;
const space = "http://www.w3.org/2000/svg";
const language = document.documentElement.lang;

function draw(name, attributes, parent) {
  const element = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

/** With as many places as tell steps of this size apart, two at least. */
function dollars(value, step) {
  const places = Math.max(2, Math.ceil(-Math.log10(step) - 1e-9));
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}

/** A round step so that at most `most` of them reach `top`. */
function roundStep(top, most) {
  const rough = top / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * size >= rough) * size;
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const series = heads.flatMap((cell, column) =>
    cell.dataset.series
      ? [{ name: cell.textContent.trim(), kind: cell.dataset.series, look: cell.dataset.look, column }]
      : [],
  );
  const points = [...table.tBodies[0].rows].map((row) => {
    const time = row.cells[0].querySelector("time");
    return {
      name: row.cells[0].textContent.trim(),
      moment: time && new Date(time.dateTime),
      values: series.map(({ column }) => Number(row.cells[column].dataset.value)),
      texts: series.map(({ column }) => row.cells[column].textContent.trim()),
    };
  });
  return { series, points };
}

function label(point, hours) {
  if (!point.moment) return point.name;
  const parts = hours ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { month: "short", day: "numeric" };
  return point.moment.toLocaleString(language, parts);
}

/** The labels and lines of the axis, which begin where its widest label ends: what is worth little has long ones. */
function axis(svg, top, unit, width) {
  const step = roundStep(top, 4);
  const highest = Math.ceil(top / step - 1e-9) * step;
  const height = HEIGHT - EDGE.top - EDGE.bottom;
  const y = (value) => EDGE.top + height * (1 - value / highest);
  const labels = [];
  for (let value = 0; value <= highest * 1.001; value += step) {
    const text = draw("text", { class: "tick", y: y(value) + 4, "text-anchor": "end" }, svg);
    text.textContent = SHOWN[unit](value, step);
    labels.push([text, y(value)]);
  }
  const left = Math.max(EDGE.left, ...labels.map(([text]) => Math.ceil(text.getComputedTextLength()) + GAP));
  for (const [text, y1] of labels) {
    text.setAttribute("x", left - GAP);
    draw("line", { class: "grid", x1: left, x2: width, y1, y2: y1 }, svg);
  }
  return { left, y };
}

function paint(figure) {
  const { series, points } = read(document.getElementById(figure.dataset.chart));
  const width = figure.clientWidth;
  if (width < 2 * EDGE.left) return;
  const svg = draw("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
  // Text has a length once it is on the page.
  figure.querySelector("svg")?.remove();
  figure.prepend(svg);
  const whole = Number(figure.dataset.whole ?? 1);
  const most = Math.max(...points.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const { left, y } = axis(svg, most ? Math.max(most, whole) : 1, series[0].kind, width);
  const step = (width - left - EDGE.right) / points.length;
  const every = Math.ceil(64 / step);
  points.forEach((point, number) => {
    const x = left + step * number;
    let base = 0;
    point.values.forEach((value, index) => {
      if (!value) return;
      const height = Math.max(y(base) - y(base + value), 1);
      const bar = { class: `bar ${series[index].look ?? `s${index}`}`, x: x + 1, y: y(base + value), width: Math.max(step - (step > 6 ? 2 : 1), 1), height };
      draw("rect", bar, svg);
      base += value;
    });
    if (number % every === 0 && x + 44 < width) {
      const text = draw("text", { class: "tick", x: x + 1, y: HEIGHT - 6 }, svg);
      text.textContent = label(point, figure.dataset.step === "hour");
    }
    // An invisible column over the bars, for the pointer.
    const area = { class: "column", x, y: 0, width: step, height: HEIGHT - EDGE.bottom, "data-number": number };
    draw("rect", area, svg);
  });
  figure.left = left;
  figure.points = points;
  figure.series = series;
  const shown = Number(figure.dataset.shown ?? -1);
  showTip(figure, shown < points.length && shown >= 0 ? shown : undefined);
}

function title(point, hours) {
  if (!point.moment) return point.name;
  const options = { dateStyle: "medium" };
  if (hours) options.timeStyle = "short";
  return point.moment.toLocaleString(language, options);
}

/** Show the figures of one column in the tip; without a number, hide it. */
function showTip(figure, number) {
  const tip = figure.querySelector(".tip");
  tip.hidden = number === undefined;
  figure.querySelector(".column.shown")?.classList.remove("shown");
  if (tip.hidden) {
    delete figure.dataset.shown;
    return;
  }
  figure.dataset.shown = number;
  const point = figure.points[number];
  tip.replaceChildren(document.createElement("strong"));
  tip.firstChild.textContent = title(point, figure.dataset.step === "hour");
  figure.series.forEach(({ name }, index) => {
    if (!point.values[index] && figure.series.length > 2) return;
    const line = document.createElement("span");
    line.textContent = `${name} ${point.texts[index]}`;
    tip.append(line);
  });
  const column = figure.querySelector(`[data-number="${number}"]`);
  column.classList.add("shown");
  const x = Number(column.getAttribute("x")) + Number(column.getAttribute("width")) / 2;
  tip.style.left = `${Math.min(Math.max(x - tip.offsetWidth / 2, 0), figure.clientWidth - tip.offsetWidth)}px`;
}

/** Draw all charts of a page anew, whenever their size or their tables change. */
export function showCharts() {
  for (const figure of document.querySelectorAll("[data-chart]")) paint(figure);
}

/** The number of the column at a place of the window: a finger that moves stays with what it touched first. */
function columnAt(figure, x) {
  const { left, width } = figure.getBoundingClientRect();
  const step = (width - figure.left - EDGE.right) / figure.points.length;
  const number = Math.floor((x - left - figure.left) / step);
  return number >= 0 && number < figure.points.length ? number : undefined;
}

/** Arrow keys go from column to column, Home and End to the ends; Escape hides the tip. */
function onKey(figure, event) {
  const last = figure.points.length - 1;
  const now = Number(figure.dataset.shown ?? last);
  const places = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
  if (event.key === "Escape") showTip(figure);
  if (!(event.key in places) || last < 0) return;
  event.preventDefault();
  showTip(figure, Math.min(Math.max(places[event.key], 0), last));
}

function prepare(figure) {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");
  figure.append(tip);
  figure.tabIndex = 0;
  figure.setAttribute("role", "group");
  figure.points = [];
  figure.left = EDGE.left;
  if (!figure.hasAttribute("aria-label")) {
    figure.setAttribute("aria-label", figure.closest("section[aria-label]")?.getAttribute("aria-label") ?? document.title);
  }
  new ResizeObserver(() => paint(figure)).observe(figure);
  const follow = ({ clientX }) => showTip(figure, columnAt(figure, clientX));
  figure.addEventListener("pointerdown", follow);
  figure.addEventListener("pointermove", follow);
  // A finger that is lifted leaves the tip to be read; the next touch elsewhere hides it.
  figure.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && showTip(figure));
  addEventListener("pointerdown", ({ target }) => figure.contains(target) || showTip(figure));
  figure.addEventListener("keydown", (event) => onKey(figure, event));
  figure.addEventListener("focus", () => figure.matches(":focus-visible") && figure.points.length && showTip(figure, figure.points.length - 1));
  figure.addEventListener("blur", () => showTip(figure));
}

for (const figure of document.querySelectorAll("[data-chart]")) prepare(figure);
