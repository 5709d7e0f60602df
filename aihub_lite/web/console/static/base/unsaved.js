// Forms that hold what is not saved yet: whoever leaves the page is asked first.

const unsaved = new Set();

addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});

/** Watch a form whose content is what `read` says; `kept` is what it was when the page came. Returns what is to be called
 * once it is saved. */
export function watchForm(form, read, kept = read()) {
  let saved = JSON.stringify(kept);
  const compare = () => {
    if (JSON.stringify(read()) === saved) unsaved.delete(form);
    else unsaved.add(form);
  };
  form.addEventListener("input", compare);
  form.addEventListener("change", compare);
  compare();
  return () => {
    saved = JSON.stringify(read());
    compare();
  };
}
