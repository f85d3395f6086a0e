// Reads the QR code of the account page with the camera, where the browser itself can: a
// page that holds keys loads no reader of anybody else's. Elsewhere the code is typed.

const EVERY = 200;

/** @typedef {{detect: (source: HTMLVideoElement) => Promise<{rawValue: string}[]>}} Detector */
/** @typedef {{new (options: {formats: string[]}): Detector, getSupportedFormats: () => Promise<string[]>}} Detectors */

const scan = document.getElementById("scan");
const button = document.getElementById("scan-start");
const view = document.getElementById("scan-view");
const video = /** @type {HTMLVideoElement | null} */ (document.getElementById("scan-video"));
const said = document.getElementById("scan-said");

/** say shows a sentence of the page. @param {string} word of it; "" for none */
function say(word) {
  if (!said) return;
  said.textContent = said.dataset[word] ?? "";
  said.hidden = !said.textContent;
}

/** detectors read QR codes; null in a browser that reads none. */
async function detectors() {
  const { BarcodeDetector } = /** @type {{BarcodeDetector?: Detectors}} */ (/** @type {unknown} */ (window));
  if (!BarcodeDetector || !navigator.mediaDevices) return null;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => /** @type {string[]} */ ([]));
  return formats.includes("qr_code") ? BarcodeDetector : null;
}

/** codeIn is the code for a phone that a text leads to; "" for none. @param {string} text */
function codeIn(text) {
  try {
    const { origin, pathname, hash } = new URL(text);
    return origin === location.origin && pathname === "/phone" ? hash.slice(1) : "";
  } catch {
    return "";
  }
}

/** why is the word for a camera that does not open. @param {unknown} error */
function why(error) {
  const { name } = /** @type {Error} */ (error);
  if (name === "NotAllowedError") return "refused";
  return name === "NotFoundError" ? "none" : "fails";
}

/** @type {MediaStream | undefined} */
let stream;

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  if (view && button) view.hidden = !(button.hidden = false);
}

/**
 * look reads what the camera sees until it is a code of ours.
 *
 * @param {Detector} detector
 * @param {(code: string) => void} found
 */
async function look(detector, found) {
  if (!stream || !video) return;
  const seen = await detector.detect(video).catch(() => []);
  if (!stream) return; // stopped meanwhile
  const code = seen.map(({ rawValue }) => codeIn(rawValue)).find(Boolean);
  if (code) {
    stop();
    say("");
    found(code);
    return;
  }
  if (seen.length > 0) say("other");
  setTimeout(() => void look(detector, found), EVERY);
}

/**
 * @param {Detectors} Reader
 * @param {(code: string) => void} found
 */
async function open(Reader, found) {
  if (!video || !view || !button || stream) return;
  say("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    view.hidden = !(button.hidden = true);
    document.getElementById("scan-stop")?.focus();
    await video.play();
  } catch (error) {
    stop();
    say(why(error));
    return;
  }
  await look(new Reader({ formats: ["qr_code"] }), found);
}

/** offerScan lets the code be scanned, where that can be. @param {(code: string) => void} found */
export async function offerScan(found) {
  const Reader = await detectors();
  if (!scan || !button) return;
  scan.hidden = false;
  if (!Reader) {
    say("lacking");
    return;
  }
  button.hidden = false;
  button.addEventListener("click", () => void open(Reader, found));
  document.getElementById("scan-stop")?.addEventListener("click", () => {
    stop();
    button.focus();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && stop());
}
