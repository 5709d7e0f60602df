// Reads a librechat.yaml from standard input as LibreChat does; prints what its own schema has against it.

import { configSchema } from "librechat-data-provider";
import { load } from "js-yaml";
import { readFileSync } from "node:fs";

const { success, error } = configSchema.strict().safeParse(load(readFileSync(0, "utf8")));
console.log(success ? "valid" : JSON.stringify(error.issues));
