// The button that makes a person's invitation, and the link that it shows once.

import { call } from "../base/api.js";

const panel = document.querySelector("[data-link]");
const complaint = document.getElementById("complaint");

/** What became of the mail with the link, where one was sent. */
function showMail(mail) {
  const place = panel.querySelector("[data-mail]");
  place.hidden = !mail;
  if (!mail) return;
  const text = mail.sent ? place.dataset.sent : `${place.dataset.failed} ${mail.error}`;
  place.textContent = text.replace("ADDRESS", mail.to);
  place.className = mail.sent ? "" : "notice bad";
}

for (const button of document.querySelectorAll("button[data-invite]")) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    complaint.hidden = true;
    try {
      const answer = await call("POST", "/invitations", { name: button.dataset.invite });
      panel.querySelector("[data-link-text]").textContent = (answer.public_url ?? location.origin) + answer.path;
      showMail(answer.mail);
      panel.hidden = false;
      panel.focus();
    } catch (error) {
      complaint.textContent = error.message;
      complaint.hidden = false;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
