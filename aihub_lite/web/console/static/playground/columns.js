// One column of the playground: a model, what was said to it and by it, and what the last answer came to.

import { call } from "./api.js";
import { count, dollars, duration } from "./format.js";
import { chunks } from "./streams.js";

const PATIENCE = 20;
const PAUSE = 250;

/** The record of a request, which of one that was stopped takes a moment; nothing if there is none. */
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
  const made = document.createElement(kind === "turn" || kind === "turn asked" ? "div" : "p");
  made.className = kind;
  made.textContent = text;
  parent.append(made);
  return made;
}

export class Column {
  constructor(element = document.getElementById("column").content.firstElementChild.cloneNode(true)) {
    this.element = element;
    this.talk = this.element.querySelector("[data-talk]");
    this.select = this.element.querySelector("[data-model]");
    this.controller = null;
    this.turns = [];
  }

  get model() {
    return this.select.value;
  }

  /** Offer these models; the one that was chosen stays if it is among them. */
  offer(models, wanted = this.model) {
    this.select.replaceChildren(...models.map((model) => new Option(model, model, false, model === wanted)));
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

  /** Figures; what is not known is a dash. */
  show({ tokens = "–", cost = "–", first_byte = "–", duration: took = "–", record = "" }) {
    for (const [name, text] of Object.entries({ tokens, cost, first_byte, duration: took })) {
      this.element.querySelector(`[data-is=${name}]`).textContent = text;
    }
    const link = this.element.querySelector("[data-is=cost]");
    if (record) link.href = `/console/requests/${record}`;
    else link.removeAttribute("href");
  }

  follow(change) {
    const { talk } = this;
    const below = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
    change();
    if (below) talk.scrollTop = talk.scrollHeight;
  }

  /** Ask as a token, and show the answer as it comes. `before` are the messages in front of the conversation. */
  async ask(token, text, before, settings) {
    const asked = { role: "user", content: text };
    const body = { model: this.model, messages: [...before, ...this.turns, asked], ...settings };
    const turn = this.begin(text);
    const started = performance.now();
    const seen = { content: "", id: "", first_byte: undefined };
    const controller = (this.controller = new AbortController());
    const { signal } = controller;
    const began = (id) => (seen.id = id);
    try {
      for await (const chunk of chunks(token, body, { signal, began, broken: this.talk.dataset.broken })) {
        this.hear(chunk, turn, seen, started);
      }
    } catch (error) {
      seen.id ||= error.id;
      const [kind, said] = signal.aborted ? ["muted", this.talk.dataset.stopped] : ["notice bad", error.message];
      this.follow(() => line(turn, kind, said));
    }
    // A conversation that was cleared meanwhile has gone on without this answer.
    if (!turn.isConnected) return;
    if (seen.content) this.turns.push(asked, { role: "assistant", content: seen.content });
    this.talk.removeAttribute("aria-busy");
    this.show({ ...seen.figures, duration: duration(performance.now() - started) });
    if (seen.id) recordOf(seen.id, signal.aborted ? PATIENCE : 1).then((record) => this.settle(turn, record));
  }

  begin(text) {
    this.talk.querySelector("[data-hint]").hidden = true;
    this.show({});
    const asked = line(this.talk, "turn asked");
    const who = document.createElement("span");
    who.className = "unseen";
    who.textContent = this.talk.dataset.you;
    asked.append(who, text);
    const turn = line(this.talk, "turn");
    line(turn, "thought");
    line(turn, "said");
    this.talk.setAttribute("aria-busy", "true");
    this.talk.scrollTop = this.talk.scrollHeight;
    return turn;
  }

  /** Take in a chunk. An answer that ended for another reason than its own says so. */
  hear({ choices: [choice], usage }, turn, seen, started) {
    const { content, reasoning_content: thought } = choice?.delta ?? {};
    const [thoughts, said] = turn.children;
    const now = duration(performance.now() - started);
    if (content || thought) seen.first_byte ??= now;
    seen.content += content ?? "";
    seen.figures = { first_byte: seen.first_byte };
    if (usage) seen.figures.tokens = `${count(usage.prompt_tokens)} → ${count(usage.completion_tokens)}`;
    this.follow(() => {
      if (thought) thoughts.append(thought);
      if (content) said.append(content);
      if (choice?.finish_reason && choice.finish_reason !== "stop") line(turn, "muted", `finish_reason: ${choice.finish_reason}`);
    });
    if (turn.isConnected) this.show({ ...seen.figures, duration: now });
  }

  /** What the last answer came to, from the gateway's own record. */
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
