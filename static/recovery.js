// Copying and printing recovery codes. Without it they can be selected, and printed
// by the browser's menu.

const actions = /** @type {HTMLElement} */ (document.getElementById("recovery-actions"));
const said = /** @type {HTMLElement} */ (document.getElementById("recovery-said"));
const copy = /** @type {HTMLButtonElement} */ (actions.querySelector("[data-copy]"));
const print = /** @type {HTMLButtonElement} */ (actions.querySelector("[data-print]"));

// With the line that says of which account they are.
const codes = () => ["#recovery-of", "#recovery-codes code"]
  .flatMap((lines) => Array.from(document.querySelectorAll(lines), (line) => line.textContent?.trim()))
  .join("\n");

async function copyCodes() {
  try {
    await navigator.clipboard.writeText(codes());
    said.textContent = copy.dataset.copied ?? "";
  } catch {
    said.textContent = copy.dataset.notCopied ?? "";
  }
}

actions.hidden = false;
copy.hidden = !navigator.clipboard; // plain http has none
copy.addEventListener("click", () => void copyCodes());
print.addEventListener("click", () => window.print());
