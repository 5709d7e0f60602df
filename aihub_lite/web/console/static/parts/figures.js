// A chart that shows one figure of its table at a time: buttons with `data-show` choose the columns with that
// `data-figure`.

import { showCharts } from "./chart.js";

/** The top of a chart with less in it. */
const WHOLE = { cost: 0.000001, requests: 1, tokens: 1 };
const KIND = { cost: "usd", requests: "count", tokens: "count" };
const buttons = document.querySelectorAll("[data-show]");

function draw(figure) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.show === figure));
  for (const head of document.querySelectorAll("#days [data-figure]")) {
    if (head.dataset.figure === figure) head.dataset.series = KIND[figure];
    else delete head.dataset.series;
  }
  document.querySelector("[data-chart=days]").dataset.whole = WHOLE[figure];
  showCharts();
}

for (const button of buttons) button.addEventListener("click", () => draw(button.dataset.show));
