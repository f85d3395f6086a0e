import test from "node:test";
import assert from "node:assert/strict";
import { load, setPage } from "./browser.mjs";

test("times are written in the reader's way, in no language that is none", async () => {
  for (const [reads, want] of [[["en-US@posix", "en-GB"], "en-GB"], [["de-DE", "en-US"], "en-US"], [["fr"], "en"]]) {
    setPage("<html lang=\"en\"></html>");
    Object.defineProperty(navigator, "languages", { value: reads, configurable: true });
    const { locale } = await load("simulator/pages/static/words.js");
    assert.equal(locale, want);
  }
});
