// Buttons that copy the text of what they name in `data-copy`.

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

/** A key of which only the last characters are shown opens nothing, and its dots break clients. */
const MASKED = /sk-…\w*/g;

/** Resolves to whether it was copied. What holds a masked key never is: `masked` tells the page, which may know how to
 * come by the whole one. */
async function copy(element) {
  if (element.textContent.search(MASKED) >= 0) {
    document.dispatchEvent(new Event("masked"));
    return false;
  }
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    // Without encryption browsers refuse `navigator.clipboard`; this older way still works.
    select(element);
    const done = document.execCommand("copy");
    if (done) getSelection().removeAllRanges();
    return done;
  }
}

// What is selected by hand has a word in the masked key's place that says what belongs there.
document.addEventListener("copy", (event) => {
  const text = getSelection().toString();
  if (text.search(MASKED) < 0) return;
  event.preventDefault();
  event.clipboardData.setData("text/plain", text.replaceAll(MASKED, "YOUR_KEY"));
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = await copy(document.getElementById(button.dataset.copy));
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
