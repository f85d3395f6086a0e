// Notices that another tab of this browser has signed in or out. Every page writes how
// far its sign-in has come, and hears of what others write; the server decides what a
// page that is opened again shows.

const KEY = "nod-level";
const ANONYMOUS = "0", SIGNED_IN = "2";

const { level: own = "", signedIn = "" } = document.body.dataset;

/** @param {string | null} level of the page that was opened last */
function compare(level) {
  if (level === null || level === own) return;
  // Whoever has signed out elsewhere is not told to sign in first.
  if (own === SIGNED_IN) location.replace(level === ANONYMOUS ? "/login" : "/protected");
  else if (own === ANONYMOUS && level === SIGNED_IN && signedIn) location.replace(signedIn);
}

// What is shown only once does not come back from the pages that the browser has kept.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && document.querySelector("[data-once]")) location.reload();
});

try {
  localStorage.setItem(KEY, own);
  addEventListener("storage", ({ key, newValue }) => key === KEY && compare(newValue));
  addEventListener("pageshow", ({ persisted }) => persisted && compare(localStorage.getItem(KEY)));
} catch {
  // A browser that keeps nothing: each tab is for itself.
}
