// The page that stands in for the phone's page without a network: it tries again by
// itself, as soon as the browser believes that there is one, and every few seconds.

const EVERY = 5000;

const again = () => location.reload();

async function tryAgain() {
  const reply = await fetch("/phone/state", { headers: { Accept: "application/json" } }).catch(() => null);
  if (reply?.ok) again();
  else setTimeout(() => void tryAgain(), EVERY);
}

addEventListener("online", again);
document.getElementById("again")?.addEventListener("click", again);
setTimeout(() => void tryAgain(), EVERY);
