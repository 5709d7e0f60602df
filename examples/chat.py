"""A first call with the OpenAI SDK: pip install openai; set OPENAI_BASE_URL and OPENAI_API_KEY; python chat.py."""

import os

from openai import OpenAI

client = OpenAI()  # reads OPENAI_BASE_URL (http://127.0.0.1:4242/v1) and OPENAI_API_KEY (sk-…)
model = os.environ.get("MODEL", "demo")
question = [{"role": "user", "content": "Hello!"}]

answer = client.chat.completions.create(model=model, messages=question)
print(answer.choices[0].message.content)

for chunk in client.chat.completions.create(model=model, messages=question, stream=True):
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
