// Conveniences for forms; each form works without them.

const RELEASE_AFTER = 15000; // without an answer the button works again

const noCookies = document.getElementById("no-cookies");
if (noCookies) noCookies.hidden = navigator.cookieEnabled;

// Errors are read first.
document.getElementById("error-summary")?.focus();

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-reveal]"))) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.reveal ?? ""));
  const label = /** @type {Element} */ (button.firstElementChild);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    label.textContent = shown ? "Hide" : "Show";
    field.focus();
  });
  // A password that is shown is not kept by the browser as ordinary text.
  field.form?.addEventListener("submit", () => (field.type = "password"));
}

// One press is enough: a second one would send a second request to the phone.
for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("button[data-busy]"))) {
  const text = button.textContent;
  const release = () => {
    button.removeAttribute("aria-disabled");
    button.textContent = text;
  };
  button.form?.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy ?? "";
    setTimeout(release, RELEASE_AFTER);
  });
  addEventListener("pageshow", (event) => event.persisted && release());
}
