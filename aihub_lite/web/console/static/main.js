// What every page needs.

import "./copy.js";
import { showTimes } from "./times.js";

showTimes();

// Days are the reader's own: the server learns which from this.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`aihub_zone=${zone}`)) {
  document.cookie = `aihub_zone=${zone}; path=/console; max-age=31536000; samesite=strict`;
  if (location.pathname === "/console/statistics" && document.cookie.includes("aihub_zone=")) location.reload();
}
