// A chat request as code. JSON texts are texts in Python and JavaScript as well.

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
  curl: (root, key, body) => `curl ${root}/v1/chat/completions \\
  -H ${shell(`Authorization: Bearer ${key}`)} \\
  -H 'Content-Type: application/json' \\
  -d ${shell(JSON.stringify(body, null, 2))}`,

  python: (root, key, body) => `from openai import OpenAI

client = OpenAI(
    base_url=${text(`${root}/v1`)},
    api_key=${text(key)},
)
answer = client.chat.completions.create(
    model=${text(body.model)},
    messages=[
${lines(body.messages, "        ", text)}
    ],
${settings(body, (name, value) => `    ${name}=${value},\n`)})
print(answer.choices[0].message.content)`,

  node: (root, key, body) => `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: ${text(`${root}/v1`)},
  apiKey: ${text(key)},
});
const answer = await client.chat.completions.create({
  model: ${text(body.model)},
  messages: [
${lines(body.messages, "    ", (name) => name)}
  ],
${settings(body, (name, value) => `  ${name}: ${value},\n`)}});
console.log(answer.choices[0].message.content);`,
};
