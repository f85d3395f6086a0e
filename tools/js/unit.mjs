// Runs the unit tests: node --test fails neither when a file has no test in
// it nor when a test is skipped; this does.

import { run } from "node:test";
import { spec } from "node:test/reporters";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".test.mjs")).map((name) => folder + name);
const names = new Set(process.argv.slice(2)); // of files, to run only these
const chosen = names.size ? files.filter((file) => names.has(file.slice(folder.length))) : files;

// Node's mock timers say in each file that they are experimental.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --disable-warning=ExperimentalWarning`;

let ran = 0;
const problems = [];
const stream = run({ files: chosen, concurrency: true });
stream.on("test:pass", ({ name, details, skip, todo }) => {
  if (skip !== undefined || todo !== undefined) problems.push(`skipped: ${name}`);
  else if (files.includes(name)) problems.push(`no test in ${name}`);
  else if (details.type !== "suite") ran++;
});
stream.on("test:fail", ({ name }) => problems.push(`failed: ${name}`));
stream.on("end", () => {
  if (ran === 0) problems.push("no test ran");
  if (problems.length) console.error(problems.join("\n"));
  process.exitCode = problems.length ? 1 : 0;
});
stream.compose(spec).pipe(process.stdout);
