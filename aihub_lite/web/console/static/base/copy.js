// Buttons that copy the text of what they name in `data-copy`.

function selected(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copied(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    // Without encryption browsers keep the clipboard closed, but for this older way.
    selected(element);
    const done = document.execCommand("copy");
    if (done) getSelection().removeAllRanges();
    return done;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = await copied(document.getElementById(button.dataset.copy));
  const label = button.querySelector("[data-label]") ?? button;
  if (!done || button.dataset.busy) return;
  const before = label.textContent;
  button.dataset.busy = "1";
  label.textContent = button.dataset.copied;
  setTimeout(() => {
    label.textContent = before;
    delete button.dataset.busy;
  }, 1500);
});
