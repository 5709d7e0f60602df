// Shows a key once; the cookie that comes back opens the documentation to this browser.

const form = document.querySelector("[data-open]");
const wrong = document.querySelector("[data-wrong]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { authorization: `Bearer ${form.querySelector("input").value.trim()}` };
  const answer = await fetch("/docs/open", { method: "POST", headers }).catch(() => null);
  if (answer?.ok) {
    location.reload();
    return;
  }
  wrong.textContent = answer?.status === 401 ? wrong.dataset.wrong : wrong.dataset.later;
  wrong.hidden = false;
});
