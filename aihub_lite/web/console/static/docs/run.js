// *Run it*: makes the call of an example from this page, and shows the answer with its tokens and its cost.

const text = (name) => document.querySelector(`[data-text="${name}"]`).textContent;

/** What the key has spent so far, in USD; null where that cannot be told. */
async function spent(key) {
  const answer = await fetch("/v1/key", { headers: { authorization: `Bearer ${key}` } }).catch(() => null);
  if (!answer?.ok) return null;
  const { spent_usd: usd } = await answer.json();
  return Number(usd);
}

async function run(code, out, key) {
  if (!key) {
    out.textContent = text("run_key");
    document.getElementById("own-key").focus();
    return;
  }
  out.textContent = text("running");
  const [, body] = code.textContent.match(/-d '([^']+)'/);
  const path = code.textContent.match(/(\/v1\/[\w/-]+)/)[1];
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const before = await spent(key);
  const answer = await fetch(path, { method: "POST", headers, body }).catch(() => null);
  const value = await answer?.json().catch(() => null);
  if (!answer?.ok) {
    out.textContent = `${text("run_failed")} ${answer?.status ?? ""} ${value?.error?.message ?? ""}`;
    return;
  }
  const { usage } = value;
  const lines = [value.choices?.[0]?.message?.content ?? JSON.stringify(value, null, 2)];
  if (usage) lines.push(`${usage.prompt_tokens} + ${usage.completion_tokens ?? 0} ${text("run_note")}`);
  const after = await spent(key);
  if (before !== null && after !== null) lines.push(`${text("run_cost")} $${(after - before).toFixed(9).replace(/\.?0+$/, "")}`);
  out.textContent = lines.join("\n\n");
}

/** Opens a program by its own link with the settings that are shown: the link is the machine's, and nobody is asked. */
function open(code, link, out, key) {
  if (!key) {
    out.textContent = text("run_key");
    document.getElementById("own-key").focus();
    return;
  }
  out.textContent = "";
  const bytes = Array.from(new TextEncoder().encode(code.textContent), (byte) => String.fromCharCode(byte));
  window.location.href = link + encodeURIComponent(btoa(bytes.join("")));
}

/** Lets the buttons below calls with curl make them, and those below a program's settings open it. */
export function offerRuns(key) {
  for (const button of document.querySelectorAll("[data-run]")) {
    const code = document.getElementById(button.dataset.run);
    button.addEventListener("click", () => run(code, button.nextElementSibling, key()));
  }
  for (const button of document.querySelectorAll("[data-open]")) {
    const code = document.getElementById(button.dataset.of);
    button.addEventListener("click", () => open(code, button.dataset.open, button.nextElementSibling, key()));
  }
}
