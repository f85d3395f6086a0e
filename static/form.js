// Conveniences for forms; each form works without them.

const RELEASE_AFTER = 15000; // without an answer the button works again
const HEARD_AFTER = 200;
const HEARD_UNTIL = 5000;

const noCookies = document.getElementById("no-cookies");
if (noCookies) noCookies.hidden = navigator.cookieEnabled;

// Back and Reload would ask whether to send a form again that has come back with what is
// wrong. From here on its answer stands for the page that it was on.
if (document.body.dataset.posted !== undefined && document.referrer.startsWith(`${location.origin}/`)) {
  history.replaceState(history.state, "", document.referrer);
}

const hasKeys = () => window === top || document.hasFocus();

/**
 * focusOn puts the focus on an element, and reports whether it may. A page that is in a
 * frame takes it from nobody: who types beside the frame would lose a key to it.
 *
 * @param {HTMLElement | null | undefined} element
 */
export function focusOn(element) {
  const may = hasKeys();
  if (may) element?.focus();
  return may;
}

// An error of the form as a whole is read first. The browser itself puts the focus on a
// field that has one, but not in a frame of another origin; there it waits until the keys
// come.
const chosen = /** @type {HTMLElement | null} */ (document.querySelector("[autofocus]"));
const first = chosen ?? document.getElementById("error-summary");
if (!hasKeys()) addEventListener("focus", () => first?.focus(), { once: true });
else if (!chosen || window !== top) first?.focus();

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-reveal]"))) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.reveal ?? ""));
  const { shown = "", shownLabel = "" } = button.dataset;
  const [hidden, hiddenLabel] = [button.textContent, button.getAttribute("aria-label") ?? ""];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shows = field.type === "password";
    field.type = shows ? "text" : "password";
    button.textContent = shows ? shown : hidden;
    button.setAttribute("aria-label", shows ? shownLabel : hiddenLabel);
    field.focus();
  });
  // A password that is shown is not kept by the browser as ordinary text.
  field.form?.addEventListener("submit", () => (field.type = "password"));
}

// A message that is pasted whole leaves its code in the field; the server would find it, too.
const SENT_CODE = /\b\d{6,8}\b/g;

for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[autocomplete=one-time-code]"))) {
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text").normalize("NFKC") ?? "";
    const codes = new Set(text.match(SENT_CODE));
    if (codes.size !== 1) return;
    event.preventDefault();
    field.value = [...codes][0];
  });
}

// One press is enough: a second one would send a second request to the phone. Who does
// not see the button hears that the form is on its way.
const live = document.getElementById("form-live");
/** @type {Map<HTMLFormElement, () => void>} */
const sent = new Map();

/** @param {string} text */
function say(text) {
  if (live) live.textContent = text;
}

/**
 * hold keeps a form from being sent again, until it is released.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
function hold(form, button) {
  const { busy } = button?.dataset ?? {};
  const text = button?.textContent ?? null;
  sent.set(form, () => {
    sent.delete(form);
    button?.removeAttribute("aria-disabled");
    if (button && busy) button.textContent = text;
    say("");
  });
  button?.setAttribute("aria-disabled", "true");
  if (button && busy) button.textContent = busy;
  say(busy ?? live?.dataset.busy ?? "");
}

// What a page says as it opens is not heard, only what changes later.
const notice = document.querySelector("main > .notice");
if (notice) {
  const text = notice.textContent?.trim() ?? "";
  setTimeout(() => say(text), HEARD_AFTER);
  setTimeout(() => live?.textContent === text && say(""), HEARD_UNTIL);
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  hold(form, event.submitter ?? form.querySelector("button:not([type=button])"));
  setTimeout(() => sent.get(form)?.(), RELEASE_AFTER);
});
addEventListener("pageshow", (event) => event.persisted && sent.forEach((release) => release()));
