// What the pages' scripts may use. Run from the root of the repository:
//
//   tools/js/node_modules/.bin/eslint --config tools/js/eslint.config.mjs static simulator/pages/static tools/js
//
// Syntax and built-in objects are held to ES2020, which every supported
// browser knows, and the Web APIs to the tables of MDN.

import js from "@eslint/js";
import compat from "eslint-plugin-compat";
import esx from "eslint-plugin-es-x";
import globals from "globals";
import { browsers, restricted } from "./compat.mjs";

// No script writes HTML; texts go in as text.
const writesHTML = ["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property }));

const rules = {
  "no-var": "error",
  "prefer-const": "error",
  eqeqeq: "error",
  "no-implicit-globals": "error",
  "no-shadow": ["error", { builtinGlobals: false }],
  "no-sequences": "error",
  // A leading underscore means private.
  "no-underscore-dangle": ["error", { allowAfterThis: true }],
};

export default [
  { ignores: ["**/node_modules/"] },
  {
    ...js.configs.recommended,
    rules: { ...js.configs.recommended.rules, ...rules },
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
  {
    files: ["static/*.js", "simulator/pages/static/*.js", "stage/pages/static/*.js"],
    languageOptions: { ecmaVersion: 2020, sourceType: "module", globals: globals.browser },
    plugins: { compat, "es-x": esx },
    settings: { browsers, lintAllEsApis: true },
    linterOptions: { noInlineConfig: true },
    rules: {
      ...esx.configs["flat/restrict-to-es2020"].rules,
      "es-x/no-regexp-lookbehind-assertions": "error", // ES2018, but Safari 16.4
      "compat/compat": "error",
      "no-restricted-properties": ["error", ...restricted, ...writesHTML],
    },
  },
  {
    // A presenter's own browser, which the stage checks.
    files: ["stage/pages/static/*.js"],
    settings: { browsers: ["chrome 109", "firefox 115", "safari 16.4"] },
    rules: { "no-restricted-properties": ["error", ...writesHTML] },
  },
  {
    // This and the next one ask for what they use before they do.
    files: ["simulator/pages/static/ring.js"],
    settings: { polyfills: ["navigator.vibrate", "AudioContext"] },
  },
  {
    files: ["simulator/pages/static/notify.js"],
    settings: { polyfills: ["Notification", "navigator.setAppBadge", "navigator.clearAppBadge"] },
    rules: { "no-restricted-properties": ["error", ...restricted.filter(({ object }) => object !== "Notification"), ...writesHTML] },
  },
  {
    // It asks for what it uses before it does, but for what the worker of a push has.
    files: ["static/push.js", "static/worker.js"],
    settings: { polyfills: ["Notification", "PushManager", "PushSubscription", "Clients"] },
    rules: { "no-restricted-properties": ["error", ...restricted.filter(({ object, property }) => object !== "Notification" && property !== "pushManager"), ...writesHTML] },
  },
  {
    // A service worker.
    files: ["static/worker.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.serviceworker, phoneKeys: "readonly" } },
  },
  {
    // For the worker and for its page.
    files: ["static/phonekeys.js"],
    languageOptions: { sourceType: "script" },
  },
  {
    // They have the keys of the phone from the script before them.
    files: ["static/ownphone.js", "static/ownrequests.js"],
    languageOptions: { globals: { phoneKeys: "readonly" } },
  },
  {
    // They ask for what they use before they do.
    files: ["static/ownphone.js", "static/install.js", "static/passkey.js", "static/scan.js"],
    settings: { polyfills: ["navigator.storage", "PublicKeyCredential", "BarcodeDetector", "navigator.serviceWorker", "ServiceWorkerRegistration"] },
    rules: { "no-restricted-properties": ["error", ...restricted.filter(({ property }) => !["isConditionalMediationAvailable", "getSupportedFormats", "persist"].includes(property)), ...writesHTML] },
  },
  {
    // It runs where modules do not.
    files: ["static/boot.js"],
    languageOptions: { ecmaVersion: 5, sourceType: "script" },
    rules: { "no-var": "off" },
  },
  {
    files: ["tools/js/*.mjs"],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: { "no-underscore-dangle": ["error", { allowAfterThis: true, allow: ["__compat"] }] },
  },
];
