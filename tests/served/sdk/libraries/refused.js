// One call by one library, set up as its own documentation says; prints what whoever runs it would see.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateText } from "ai";
import OpenAI from "openai";

const { ROOT, KEY: apiKey, MODEL } = process.env;
const baseURL = `${ROOT}/v1`;
const prompt = "Say hello.";

const textOf = async (model) => (await generateText({ model, prompt })).text;

async function openai() {
  const messages = [{ role: "user", content: prompt }];
  const answer = await new OpenAI({ baseURL, apiKey }).chat.completions.create({ model: MODEL, messages });
  return answer.choices[0].message.content;
}

async function langchain() {
  const answer = await new ChatOpenAI({ model: MODEL, apiKey, configuration: { baseURL } }).invoke(prompt);
  return answer.content;
}

const WAYS = {
  openai,
  responses: () => textOf(createOpenAI({ baseURL, apiKey })(MODEL)),
  chat: () => textOf(createOpenAI({ baseURL, apiKey }).chat(MODEL)),
  compatible: () => textOf(createOpenAICompatible({ name: "aihub-lite", baseURL, apiKey })(MODEL)),
  anthropic: () => textOf(createAnthropic({ baseURL, apiKey })(MODEL)),
  langchain,
};

try {
  console.log(await WAYS[process.argv[2]]());
} catch (error) {
  console.log(String(error.message ?? error));
  process.exitCode = 1;
}
