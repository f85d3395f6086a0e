// The presenter's switches: what they say goes to POST /faults, for one phone
// or, without an id, for all.

import { say } from "./words.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * showInForce shows what is wrong on purpose, or hides the note.
 *
 * @param {HTMLElement} note
 * @param {string[]} faults in words
 */
export function showInForce(note, faults) {
  note.hidden = faults.length === 0;
  const words = /** @type {HTMLElement} */ (note.querySelector("span"));
  const text = faults.join("; ");
  if (words.textContent !== text) words.textContent = text;
}

/** @typedef {{all?: Record<string, unknown>, phones?: Record<string, unknown>}} FaultList what is in force */

/** @param {Record<string, unknown> | undefined} faults */
const any = (faults) => Object.values(faults ?? {}).some(Boolean);

/**
 * @param {number} authyID 0 stands for all phones
 * @param {() => void} [changed] is called after each change
 */
export function faultsForm(authyID, changed) {
  const form = /** @type {HTMLFormElement} */ (byId("faults-form"));
  const fold = /** @type {HTMLDetailsElement} */ (form.closest("details"));
  const fields = /** @type {Field[]} */ ([...form.elements]).filter((field) => field.name);

  /** @param {string} text */
  const tell = (text) => (byId("faults-said").textContent = text);

  const faults = () => Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));

  // Open when something is wrong on purpose, so that nobody wonders.
  function mark() {
    const count = Object.values(faults()).filter(Boolean).length;
    fold.classList.toggle("on", count > 0);
    return count;
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {string} [body]
   * @returns {Promise<FaultList | undefined>} undefined if it was refused
   */
  async function send(method, url, body) {
    tell("");
    try {
      const reply = await fetch(url, { method, headers: { "Content-Type": "application/json" }, body });
      const said = await reply.json();
      if (reply.ok) {
        changed?.();
        return said;
      }
      tell(say("faults.refused", { error: said.error }));
    } catch {
      tell(say("faults.no_answer"));
    }
    return undefined;
  }

  // What was set elsewhere stays in force.
  /** @param {FaultList} inForce */
  function nothingHere({ all, phones }) {
    if (authyID && any(all)) return say("faults.others_all");
    if (!authyID && any(phones)) return say("faults.others_phones");
    return say("faults.cleared");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = authyID ? { authy_id: authyID, ...faults() } : faults();
    const inForce = await send("POST", "/faults", JSON.stringify(wanted));
    if (!inForce) return;
    tell(mark() ? say("faults.set") : nothingHere(inForce));
  });

  byId("faults-clear").addEventListener("click", async () => {
    const inForce = await send("DELETE", authyID ? `/faults?authy_id=${authyID}` : "/faults");
    if (!inForce) return;
    fields.forEach(clear);
    mark();
    tell(nothingHere(inForce));
  });

  if (mark() > 0) fold.open = true;
}

/** @param {Field} field */
const isCheckbox = (field) => field.type === "checkbox";

/** @param {Field} field */
function valueOf(field) {
  if (isCheckbox(field)) return /** @type {HTMLInputElement} */ (field).checked;
  return field.type === "number" ? Number(field.value) : field.value;
}

/** @param {Field} field */
function clear(field) {
  if (isCheckbox(field)) /** @type {HTMLInputElement} */ (field).checked = false;
  else field.value = field.type === "number" ? "0" : "";
}
