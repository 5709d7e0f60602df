// A first call with the OpenAI SDK: npm install openai; set OPENAI_BASE_URL and OPENAI_API_KEY; node chat.mjs
import OpenAI from "openai";

const client = new OpenAI(); // reads OPENAI_BASE_URL (http://127.0.0.1:4242/v1) and OPENAI_API_KEY (sk-…)
const model = process.env.MODEL ?? "demo";
const messages = [{ role: "user", content: "Hello!" }];

const answer = await client.chat.completions.create({ model, messages });
console.log(answer.choices[0].message.content);

for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
  process.stdout.write(chunk.choices[0].delta.content ?? "");
}
console.log();
