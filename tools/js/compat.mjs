// What the supported browsers lack, by MDN's tables. eslint-plugin-compat
// knows interfaces (BroadcastChannel) and members of global objects
// (crypto.randomUUID); it misses static methods (AbortSignal.timeout) and
// members of any other object (form.requestSubmit).

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The oldest supported version of each browser, all of 2020 or 2021.
const oldest = { chrome: 90, edge: 90, firefox: 90, safari: 14, safari_ios: 14 };

// The same for browserslist, which calls Safari on iOS ios_saf.
export const browsers = Object.entries(oldest).map(([name, version]) => `${name.replace("safari_ios", "ios_saf")} >= ${version}`);

const data = createRequire(import.meta.url).resolve("@mdn/browser-compat-data");
const { api } = JSON.parse(readFileSync(data, "utf8"));

function isMissing({ support }) {
  return Object.entries(oldest).some(([browser, version]) => {
    const [newest] = [support[browser]].flat();
    if (newest?.flags || newest?.prefix || newest?.alternative_name) return true;
    const added = newest?.version_added;
    return added === false || parseFloat(String(added).replace("≤", "")) > version;
  });
}

const membersOf = (object) => Object.entries(api[object]).filter(([, member]) => member.__compat);
const isLate = ([, member]) => isMissing(member.__compat);

const lateStatics = Object.keys(api).flatMap((object) => membersOf(object)
  .filter(([key, member]) => key.endsWith("_static") && isLate([key, member]))
  .map(([key]) => ({ object, property: key.replace("_static", "") })));

// The linter knows no types, so a late member of these is forbidden by its
// name alone.
const used = [
  "Document", "Element", "Event", "EventTarget", "HTMLElement", "HTMLFormElement", "HTMLInputElement",
  "Node", "Response", "Window",
];
const lateNames = new Set(used.flatMap((object) => membersOf(object).filter(isLate).map(([name]) => name)));
const lateMembers = [...lateNames].filter((name) => !/_(static|event)$/.test(name)).map((property) => ({ property }));

export const restricted = [...lateStatics, ...lateMembers].map((restriction) => ({
  ...restriction,
  message: `Not in every supported browser (${browsers.join(", ")}).`,
}));
