// Comforts for forms; each works without them.

const NO_ANSWER = 15000; // then the button may be pressed again

// Errors are read first.
document.getElementById("error-summary")?.focus();

for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.firstElementChild.textContent = shown ? "Hide" : "Show";
    field.focus();
  });
  // A password that is shown is not kept by the browser as ordinary text.
  field.form.addEventListener("submit", () => (field.type = "password"));
}

// One press is enough: a second one would ring the phone twice.
for (const button of document.querySelectorAll("button[data-busy]")) {
  const text = button.textContent;
  const free = () => {
    button.removeAttribute("aria-disabled");
    button.textContent = text;
  };
  button.form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
    setTimeout(free, NO_ANSWER);
  });
  addEventListener("pageshow", (event) => event.persisted && free());
}
