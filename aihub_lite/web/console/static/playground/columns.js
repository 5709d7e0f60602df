// One column of the playground: a model, the conversation with it, and the cost and times of its last answer.

import { call } from "../base/api.js";
import { count, dollars, duration } from "../base/format.js";
import { chunks } from "./streams.js";

const TRIES = 20;
const PAUSE = 250;

/** The record of a request, or null; that of a stopped request takes a moment, so it is looked for several times. */
async function recordOf(id, tries) {
  try {
    return await call("GET", `/records/${id}`);
  } catch (error) {
    if (error.status !== 404 || tries < 2) return null;
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  return recordOf(id, tries - 1);
}

function line(parent, kind, text = "") {
  const element = document.createElement(kind === "turn" || kind === "turn asked" ? "div" : "p");
  element.className = kind;
  element.textContent = text;
  parent.append(element);
  return element;
}

export class Column {
  constructor(element = document.getElementById("column").content.firstElementChild.cloneNode(true)) {
    this.element = element;
    this.talk = this.element.querySelector("[data-talk]");
    this.select = this.element.querySelector("[data-model]");
    this.other = this.element.querySelector("[data-other]");
    this.controller = null;
    this.turns = [];
  }

  get model() {
    return this.other.hidden ? this.select.value : this.other.value.trim();
  }

  /** Offer these models, of which the chosen one stays; with `more` than these, any may be typed. */
  offer(models, more, wanted = this.model) {
    this.select.replaceChildren(...models.map((model) => new Option(model, model, false, model === wanted)));
    this.select.hidden = more;
    this.other.hidden = !more;
    if (more) this.other.setAttribute("aria-label", this.select.getAttribute("aria-label"));
    this.other.value = wanted || (models[0] ?? "");
  }

  focus() {
    (this.other.hidden ? this.select : this.other).focus();
  }

  clear() {
    this.stop();
    this.turns = [];
    this.talk.removeAttribute("aria-busy");
    for (const turn of this.talk.querySelectorAll(".turn")) turn.remove();
    this.talk.querySelector("[data-hint]").hidden = false;
    this.show({});
  }

  stop() {
    this.controller?.abort();
  }

  /** Figures below the conversation; a dash for each that is missing. */
  show({ tokens = "–", cost = "–", first_byte = "–", duration: took = "–", record = "" }) {
    for (const [name, text] of Object.entries({ tokens, cost, first_byte, duration: took })) {
      this.element.querySelector(`[data-is=${name}]`).textContent = text;
    }
    const link = this.element.querySelector("[data-is=cost]");
    if (record) link.href = `/console/requests/${record}`;
    else link.removeAttribute("href");
  }

  /** Make a change, and stay at the end of the conversation if that was in view. */
  follow(change) {
    const { talk } = this;
    const below = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
    change();
    if (below) talk.scrollTop = talk.scrollHeight;
  }

  /** Ask as a token, and show the answer as it comes. `before` are the messages in front of the conversation. */
  async ask(token, text, before, settings) {
    const question = { role: "user", content: text };
    const body = { model: this.model, messages: [...before, ...this.turns, question], ...settings };
    const turn = this.begin(text);
    const started = performance.now();
    const answer = { content: "", id: "", first_byte: undefined };
    const controller = (this.controller = new AbortController());
    const { signal } = controller;
    const began = (id) => (answer.id = id);
    try {
      for await (const chunk of chunks(token, body, { signal, began, broken: this.talk.dataset.broken })) {
        this.take(chunk, turn, answer, started);
      }
    } catch (error) {
      answer.id ||= error.id;
      this.follow(() => {
        if (signal.aborted) line(turn, "muted", this.talk.dataset.stopped);
        else line(turn, "notice bad", error.message);
      });
    }
    // A conversation that was cleared meanwhile has gone on without this answer.
    if (!turn.isConnected) return;
    if (answer.content) this.turns.push(question, { role: "assistant", content: answer.content });
    this.talk.removeAttribute("aria-busy");
    this.show({ ...answer.figures, duration: duration(performance.now() - started) });
    if (answer.id) recordOf(answer.id, signal.aborted ? TRIES : 1).then((record) => this.settle(turn, record));
  }

  begin(text) {
    this.talk.querySelector("[data-hint]").hidden = true;
    this.show({});
    const question = line(this.talk, "turn asked");
    const who = document.createElement("span");
    who.className = "unseen";
    who.textContent = this.talk.dataset.you;
    question.append(who, text);
    const turn = line(this.talk, "turn");
    line(turn, "thought");
    line(turn, "said");
    this.talk.setAttribute("aria-busy", "true");
    this.talk.scrollTop = this.talk.scrollHeight;
    return turn;
  }

  /** Add a chunk to the answer and to its turn; any `finish_reason` but `stop` is shown. */
  take({ choices: [choice], usage }, turn, answer, started) {
    const { content, reasoning_content: thought } = choice?.delta ?? {};
    const [thoughts, words] = turn.children;
    const now = duration(performance.now() - started);
    if (content || thought) answer.first_byte ??= now;
    answer.content += content ?? "";
    answer.figures = { first_byte: answer.first_byte };
    if (usage) answer.figures.tokens = `${count(usage.prompt_tokens)} → ${count(usage.completion_tokens)}`;
    this.follow(() => {
      if (thought) thoughts.append(thought);
      if (content) words.append(content);
      if (choice?.finish_reason && choice.finish_reason !== "stop") line(turn, "muted", `finish_reason: ${choice.finish_reason}`);
    });
    if (turn.isConnected) this.show({ ...answer.figures, duration: now });
  }

  /** Show the figures of the gateway's own record, if its answer is still the last one. */
  settle(turn, record) {
    if (!record || this.talk.lastElementChild !== turn) return;
    this.show({
      tokens: `${count(record.prompt_tokens)} → ${count(record.completion_tokens)}`,
      cost: dollars(record.cost_usd),
      first_byte: record.first_byte_ms === null ? "–" : duration(record.first_byte_ms),
      duration: duration(record.duration_ms),
      record: record.request_id,
    });
  }
}
