// Whoever has scanned the code of a room wants a phone: the form is sent by itself, and
// once. A crowd that joins together waits for its turn.

const form = /** @type {HTMLFormElement} */ (document.getElementById("join"));
const said = /** @type {HTMLElement} */ (document.getElementById("joining"));

form.hidden = true;
said.textContent = said.dataset.text ?? "";
form.submit();

// Back to this page: whoever has a phone is led to it, and anybody else may ask again.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});
