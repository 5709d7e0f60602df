// Passkeys: a button that makes one, and a button that signs in by one. Both are hidden where the browser has none to
// offer: on a site that is not secure, for one.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The decoded answer; throws its message. */
async function post(path, body) {
  const headers = { accept: "application/json", "content-type": "application/json", "accept-language": document.documentElement.lang };
  const answer = await fetch(path, { method: "POST", cache: "no-store", headers, body: body && JSON.stringify(body) });
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(value?.error?.message ?? `HTTP ${answer.status}`);
  return value;
}

/** A credential as JSON, its binary parts in base64url. */
function encoded(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

async function make() {
  const options = await post("/api/me/passkeys/options");
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
  await post("/api/me/passkeys", encoded(await navigator.credentials.create({ publicKey: options })));
  location.reload();
}

async function enter() {
  const options = await post("/console/passkey/options");
  options.challenge = bytes(options.challenge);
  const { then } = await post("/console/passkey", encoded(await navigator.credentials.get({ publicKey: options })));
  location.assign(then);
}

const DO = { make, enter };

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!window.isSecureContext || !window.PublicKeyCredential) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const complaint = document.querySelector("[data-passkey-complaint]");
    complaint.hidden = true;
    button.setAttribute("aria-busy", "true");
    try {
      await DO[button.dataset.passkey]();
    } catch (error) {
      // The reader has closed the browser's own dialog, or there is no passkey: the browser has said so.
      complaint.textContent = error.name === "NotAllowedError" ? complaint.dataset.none : error.message;
      complaint.hidden = false;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
