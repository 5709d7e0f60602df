// The form of dimensions and filters, without what was left empty, and views saved by name.

import { call } from "../base/api.js";

document.querySelector("[data-report]").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});

document.querySelector("[data-save]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const complaint = document.getElementById("complaint");
  complaint.hidden = true;
  try {
    await call("PUT", `/views/${encodeURIComponent(form.elements.name.value.trim())}`, { query: form.dataset.save });
    location.reload();
  } catch (error) {
    complaint.textContent = error.message;
    complaint.hidden = false;
    complaint.scrollIntoView({ block: "nearest" });
  }
});
