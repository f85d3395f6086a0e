// Signs in by a passkey, where the browser has them: offered by the browser in the
// field of the e-mail, or asked for by the button. The form is sent once one has signed.

import { assertion } from "./webauthn.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("passkey-form"));
const button = document.getElementById("passkey-button");
const error = document.getElementById("passkey-error");

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form?.elements.namedItem(name));

/** @type {AbortController | undefined} */
let offer; // of the browser, in the field: it asks for one thing at a time

/**
 * ask has a passkey sign, and sends what it has signed.
 *
 * @param {CredentialRequestOptions} [options]
 */
async function ask(options) {
  const signed = await assertion(new TextEncoder().encode(field("challenge").value), options);
  if (!form || !signed) return false;
  field("passkey").value = JSON.stringify(signed);
  form.submit();
  return true;
}

// offerPasskeys has the browser offer them beside e-mails, without a word where it cannot.
async function offerPasskeys() {
  if (!(await window.PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  offer = new AbortController();
  await ask({ mediation: "conditional", signal: offer.signal });
}

async function press() {
  if (!error) return;
  offer?.abort();
  error.hidden = true;
  if (await ask()) return;
  error.hidden = false;
  await offerPasskeys();
}

if (form && "PublicKeyCredential" in window && "credentials" in navigator) {
  form.hidden = false;
  button?.addEventListener("click", () => void press());
  void offerPasskeys();
}
