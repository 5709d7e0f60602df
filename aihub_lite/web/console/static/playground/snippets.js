// A chat request as code, whose key is in the environment: no page knows it. JSON texts are texts in Python and JavaScript
// as well.

const text = JSON.stringify;
const shell = (value) => `'${value.replaceAll("'", "'\\''")}'`;

const lines = (messages, indent, close) =>
  messages.map(({ role, content }) => `${indent}{${close("role")}: ${text(role)}, ${close("content")}: ${text(content)}},`).join("\n");

const settings = (body, write) =>
  Object.entries(body)
    .filter(([name]) => !["model", "messages"].includes(name))
    .map(([name, value]) => write(name, text(value)))
    .join("");

export const SNIPPETS = {
  curl: (root, body) => `curl ${root}/v1/chat/completions \\
  -H "Authorization: Bearer $AIHUB_KEY" \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify(body, null, 2))}`,

  python: (root, body) => `import os

from openai import OpenAI

client = OpenAI(
    base_url=${text(`${root}/v1`)},
    api_key=os.environ["AIHUB_KEY"],
)
answer = client.chat.completions.create(
    model=${text(body.model)},
    messages=[
${lines(body.messages, "        ", text)}
    ],
${settings(body, (name, value) => `    ${name}=${value},\n`)})
print(answer.choices[0].message.content)`,

  node: (root, body) => `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: ${text(`${root}/v1`)},
  apiKey: process.env.AIHUB_KEY,
});
const answer = await client.chat.completions.create({
  model: ${text(body.model)},
  messages: [
${lines(body.messages, "    ", (name) => name)}
  ],
${settings(body, (name, value) => `  ${name}: ${value},\n`)}});
console.log(answer.choices[0].message.content);`,
};
