// The presenter's switches: what they say goes to POST /faults, for one phone
// or, without an id, for all.

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number} authyID 0 stands for all phones */
export function faultsForm(authyID) {
  const form = /** @type {HTMLFormElement} */ (byId("faults-form"));
  const said = byId("faults-said");
  const fold = /** @type {HTMLDetailsElement} */ (form.closest("details"));
  const fields = /** @type {Field[]} */ ([...form.elements]).filter((field) => field.name);

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
   */
  async function send(method, url, body) {
    said.textContent = "";
    try {
      const reply = await fetch(url, { method, headers: { "Content-Type": "application/json" }, body });
      if (reply.ok) return true;
      said.textContent = (await reply.json()).error;
    } catch {
      said.textContent = "The simulator does not answer.";
    }
    return false;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = authyID ? { authy_id: authyID, ...faults() } : faults();
    if (!(await send("POST", "/faults", JSON.stringify(wanted)))) return;
    const count = mark();
    said.textContent = count ? "Ordered. It goes wrong until it is cleared." : "Nothing is wrong.";
  });

  byId("faults-clear").addEventListener("click", async () => {
    if (!(await send("DELETE", authyID ? `/faults?authy_id=${authyID}` : "/faults"))) return;
    fields.forEach(clear);
    mark();
    said.textContent = "Everything is well again.";
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
