// Uses the official Node client against the gateway that its environment names; prints what it saw as JSON.

import OpenAI from "openai";

const messages = [{ role: "user", content: "Hello there" }];
const tools = ["get_weather", "get_time"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties: {} } },
}));
const ANSWER = "vendor/answer";

const client = (key = "OPENAI_API_KEY", maxRetries = 0) =>
  new OpenAI({ apiKey: process.env[key], maxRetries, timeout: 20_000 });

const ask = (model, from = client(), more = {}) => from.chat.completions.create({ model, messages, ...more });

const counts = (usage) => [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];

async function plain() {
  const answer = await ask(ANSWER);
  const [choice] = answer.choices;
  return {
    content: choice.message.content,
    finish_reason: choice.finish_reason,
    model: answer.model,
    usage: counts(answer.usage),
  };
}

// As the documentation's samples do it: with no look at whether a chunk has choices.
async function stream() {
  const seen = { content: "", finish_reasons: [], usage: [] };
  for await (const chunk of await ask(ANSWER, client(), { stream: true })) {
    seen.content += chunk.choices[0].delta.content ?? "";
    if (chunk.choices[0].finish_reason) seen.finish_reasons.push(chunk.choices[0].finish_reason);
    if (chunk.usage) seen.usage.push(counts(chunk.usage));
  }
  return seen;
}

async function streamUsage() {
  const seen = { content: "", finish_reasons: [], usage: [] };
  const asked = { stream: true, stream_options: { include_usage: true } };
  for await (const chunk of await ask(ANSWER, client(), asked)) {
    for (const choice of chunk.choices) {
      seen.content += choice.delta.content ?? "";
      if (choice.finish_reason) seen.finish_reasons.push(choice.finish_reason);
    }
    if (chunk.usage) seen.usage.push(counts(chunk.usage));
  }
  return seen;
}

function called(choice) {
  const calls = choice.message.tool_calls.map((call) => [call.id, call.function.name, call.function.arguments]);
  return { calls, finish_reason: choice.finish_reason };
}

async function toolsStream() {
  const parts = client().chat.completions.stream({ model: "tools", messages, tools });
  return called((await parts.finalChatCompletion()).choices[0]);
}

async function refused(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OpenAI.APIError) || error.status === undefined) throw error;
    return {
      status: error.status,
      code: error.code,
      type: error.type,
      message: error.error.message,
      retry_after: error.headers.get("retry-after"),
      requests_left: error.headers.get("x-ratelimit-remaining-requests"),
    };
  }
  return null;
}

async function limited() {
  const c = client("LIMITED_KEY");
  await ask("demo", c);
  return refused(() => ask("demo", c));
}

async function broken() {
  let content = "";
  try {
    for await (const chunk of await ask("broken", client(), { stream: true })) {
      content += chunk.choices[0].delta.content ?? "";
    }
  } catch (error) {
    return { content, code: error.code, message: error.error.message };
  }
  return { content };
}

async function models() {
  const ids = [];
  for await (const model of client().models.list()) ids.push(model.id);
  return ids;
}

const text = async (model, from) => (await ask(model, from)).choices[0].message.content;

const scenarios = {
  demo: () => text("demo"),
  plain,
  stream,
  stream_usage: streamUsage,
  tools: async () => called((await ask("tools", client(), { tools })).choices[0]),
  tools_stream: toolsStream,
  unknown_key: () => refused(() => ask("demo", client("UNKNOWN_KEY"))),
  spent: () => refused(() => ask(ANSWER, client("SPENT_KEY"))),
  invalid: () => refused(() => ask("demo", client(), { messages: [] })),
  overflow: () => refused(() => ask("overflow")),
  limited,
  no_such_model: () => refused(() => ask("no-such-model", client("COUNTED_KEY", 2))),
  broken,
  put_off: () => text(process.env.BUSY_MODEL, client("OPENAI_API_KEY", 2)),
  models,
  model: async () => (await client().models.retrieve(ANSWER)).id,
};

const seen = {};
for (const [name, work] of Object.entries(scenarios)) {
  try {
    seen[name] = await work();
  } catch (error) {
    seen[name] = { failed: String(error) }; // one scenario that fails must not hide the others
  }
}
console.log(JSON.stringify(seen));
