// What every page needs.

import "./copy.js";
import { showTimes } from "./times.js";

showTimes();
