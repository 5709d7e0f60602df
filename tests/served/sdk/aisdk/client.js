// Asks the gateway that its environment names for responses, with the official Node client and with the AI SDK's
// default model; prints what each saw as JSON.

import { createOpenAI } from "@ai-sdk/openai";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { z } from "zod";

const ANSWER = "vendor/answer";
const openai = new OpenAI({ maxRetries: 0, timeout: 20_000 });
const provider = createOpenAI();
const counts = (usage) => [usage.inputTokens, usage.outputTokens];
const tools = Object.fromEntries(
  ["get_weather", "get_time"].map((name) => [
    name,
    tool({ inputSchema: z.object({ city: z.string().optional() }).loose(), execute: () => "sunny" }),
  ]),
);

async function openaiPlain() {
  const answer = await openai.responses.create({ model: ANSWER, input: "Hello there" });
  return { text: answer.output_text, status: answer.status, usage: [answer.usage.input_tokens, answer.usage.output_tokens] };
}

async function openaiStream() {
  const stream = openai.responses.stream({ model: ANSWER, input: "Hello there" });
  const texts = [];
  stream.on("response.output_text.delta", (event) => texts.push(event.delta));
  const last = await stream.finalResponse();
  return { text: texts.join(""), last: last.output[0].content[0].text, status: last.status };
}

async function openaiTools() {
  const given = ["get_weather", "get_time"].map((name) => ({
    type: "function",
    name,
    parameters: { type: "object", properties: {} },
    strict: false,
  }));
  const last = await openai.responses.stream({ model: "tools", input: "Hello", tools: given }).finalResponse();
  return last.output.filter((item) => item.type === "function_call").map((item) => [item.call_id, item.name, item.arguments]);
}

async function openaiRefusal() {
  try {
    await openai.responses.create({ model: "overflow", input: "Hello" });
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
}

async function aiPlain() {
  const { text, finishReason, usage } = await generateText({ model: provider(ANSWER), prompt: "Hello there", maxRetries: 0 });
  return { text, finish_reason: finishReason, usage: counts(usage) };
}

async function aiStream() {
  const result = streamText({ model: provider(ANSWER), prompt: "Hello there", maxRetries: 0 });
  const texts = [];
  for await (const text of result.textStream) texts.push(text);
  return { text: texts.join(""), finish_reason: await result.finishReason, usage: counts(await result.usage) };
}

// The upstream calls the same tools again and again: two steps are enough to see them answered.
async function aiLoop(how) {
  const steps = [];
  const asked = { model: provider("tools"), prompt: "Hello", tools, maxRetries: 0, stopWhen: stepCountIs(2) };
  const onStepFinish = (step) =>
    steps.push({ calls: step.toolCalls.map((call) => [call.toolCallId, call.toolName, call.input]), results: step.toolResults.length });
  const result = how({ ...asked, onStepFinish });
  if (result.consumeStream) await result.consumeStream({ onError: (error) => steps.push({ error: String(error) }) });
  await result;
  return steps;
}

async function aiSecondTurn() {
  const messages = [{ role: "user", content: "Hello" }];
  const asked = { model: provider(ANSWER), maxRetries: 0, providerOptions: { openai: { store: false } } };
  const first = await generateText({ ...asked, messages });
  const second = await generateText({
    ...asked,
    messages: [...messages, ...first.response.messages, { role: "user", content: "And?" }],
  });
  return second.text;
}

// The answers of `recall` are what it was told: text and reasoning come back to it by references.
async function aiPointingLoop(how) {
  const result = await how({ model: provider("recall"), prompt: "Hello", tools, maxRetries: 0, stopWhen: stepCountIs(3) });
  return await result.text;
}

async function aiPointingTurns(how) {
  const asked = { model: provider("recall"), maxRetries: 0 };
  const messages = [{ role: "user", content: "Hello" }];
  const first = await how({ ...asked, messages });
  await first.text;
  const answered = (await first.response).messages;
  const second = await how({ ...asked, messages: [...messages, ...answered, { role: "user", content: "And?" }] });
  return await second.text;
}

async function aiPreviousResponse() {
  const asked = { model: provider("recall"), maxRetries: 0 };
  const first = await generateText({ ...asked, prompt: "Hello" });
  const previousResponseId = first.providerMetadata.openai.responseId;
  const second = await generateText({ ...asked, prompt: "And?", providerOptions: { openai: { previousResponseId } } });
  return second.text;
}

async function aiLost() {
  const lost = { type: "text", text: "Hi", providerOptions: { openai: { itemId: "msg_lost" } } };
  const messages = [{ role: "assistant", content: [lost] }, { role: "user", content: "And?" }];
  try {
    await generateText({ model: provider("recall"), messages, maxRetries: 0 });
  } catch (error) {
    return { status: error.statusCode, message: error.message };
  }
}

async function aiRefusal() {
  try {
    await generateText({ model: provider("overflow"), prompt: "Hello", maxRetries: 0 });
  } catch (error) {
    return { status: error.statusCode, message: error.message };
  }
}

const scenarios = {
  openai: openaiPlain,
  openai_stream: openaiStream,
  openai_tools: openaiTools,
  openai_refusal: openaiRefusal,
  ai: aiPlain,
  ai_stream: aiStream,
  ai_loop: () => aiLoop(generateText),
  ai_loop_stream: () => aiLoop(streamText),
  ai_second_turn: aiSecondTurn,
  ai_pointing_loop: () => aiPointingLoop(generateText),
  ai_pointing_loop_stream: () => aiPointingLoop(streamText),
  ai_pointing_turns: () => aiPointingTurns(generateText),
  ai_pointing_turns_stream: () => aiPointingTurns(streamText),
  ai_previous_response: aiPreviousResponse,
  ai_lost: aiLost,
  ai_refusal: aiRefusal,
};

const seen = {};
for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    seen[name] = await scenario();
  } catch (error) {
    seen[name] = { failed: String(error) }; // one scenario that fails must not hide the others
  }
}
console.log(JSON.stringify(seen));
