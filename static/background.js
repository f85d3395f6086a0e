// What a tab in the background shows of the end of its wait: another icon, and a
// notification where somebody has pressed the button for one.

const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
const row = document.getElementById("notify-row");
const button = document.getElementById("notify");
const said = document.getElementById("notify-said");

const { Notification: Popup } = window; // some browsers have none
let asked = false;

async function ask() {
  const permission = await Popup.requestPermission();
  asked = permission === "granted";
  if (button) button.hidden = true;
  if (said) said.textContent = (asked ? button?.dataset.granted : button?.dataset.refused) ?? "";
}

// Without a certificate, and on some phones, there are no notifications of a page.
if (row && button && window.isSecureContext && Popup && Popup.permission !== "denied") {
  row.hidden = false;
  button.addEventListener("click", () => void ask());
}

/**
 * showIcon shows how the wait stands: wait, yes or no.
 *
 * @param {string} outcome
 */
export function showIcon(outcome) {
  const href = icon?.dataset[outcome];
  if (icon && href) icon.href = href;
}

/**
 * notify is for an end that nobody sees.
 *
 * @param {string} heading
 * @param {string} sentence
 */
export function notify(heading, sentence) {
  if (!asked || document.visibilityState === "visible") return;
  try {
    const note = new Popup(heading, { body: sentence, tag: "nod-sign-in" });
    note.onclick = () => {
      window.focus();
      note.close();
    };
  } catch {
    // Chromium on Android has them for service workers only.
  }
}
