// The presenter's switches: what they say goes to POST /faults, for one phone
// or, without an id, for all.

export function faultsForm(authyID) {
  const form = document.getElementById("faults-form");
  const said = document.getElementById("faults-said");
  const fold = form.closest("details");

  function order() {
    const wanted = authyID ? { authy_id: authyID } : {};
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") wanted[field.name] = field.checked;
      else wanted[field.name] = field.type === "number" ? Number(field.value) : field.value;
    }
    return wanted;
  }

  // Open when something is wrong on purpose, so that nobody wonders.
  function mark() {
    const { authy_id: _, ...wanted } = order();
    const count = Object.values(wanted).filter(Boolean).length;
    fold.classList.toggle("on", count > 0);
    return count;
  }

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
    if (!(await send("POST", "/faults", JSON.stringify(order())))) return;
    const count = mark();
    said.textContent = count ? "Ordered. It goes wrong until it is cleared." : "Nothing is wrong.";
  });

  document.getElementById("faults-clear").addEventListener("click", async () => {
    if (!(await send("DELETE", authyID ? `/faults?authy_id=${authyID}` : "/faults"))) return;
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = false;
      else if (field.name) field.value = field.type === "number" ? "0" : "";
    }
    mark();
    said.textContent = "Everything is well again.";
  });

  if (mark() > 0) fold.open = true;
}
