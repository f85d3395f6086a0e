// Tap to flip: from the tap to the browser's own acknowledgement.

import { duration } from "./diagram.js";

/** @typedef {{id: number, ms: number, polling: number}} Flip */

const SVG = "http://www.w3.org/2000/svg";
const BARS = 20;
const STEP = 10; // milliseconds a bar

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** @param {Flip[]} flips */
export function showFlips(flips) {
  const last = flips[flips.length - 1];
  byId("flip-last").textContent = last ? duration(last.ms) : "–";
  byId("flip-polling").textContent = last ? duration(last.polling) : "–";
  byId("flip-median").textContent = flips.length > 1
    ? `${flips.length} taps, median ${duration(median(flips.map((f) => f.ms)))}; polling ${duration(median(flips.map((f) => f.polling)))}`
    : "";
  const bars = new Array(BARS).fill(0);
  for (const { ms } of flips) bars[Math.min(BARS - 1, Math.floor(ms / STEP))]++;
  const most = Math.max(1, ...bars);
  byId("flip-bars").replaceChildren(...bars.map((n, i) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = Math.max(n > 0 ? 4 : 1, (n / most) * 36);
    for (const [key, value] of Object.entries({ x: i * 10 + 1, y: 38 - height, width: 8, height })) bar.setAttribute(key, String(value));
    return bar;
  }));
  byId("flip-picture").setAttribute("aria-label", flips.length
    ? `Histogram of ${flips.length} taps, from 0 to ${BARS * STEP} milliseconds` : "Histogram: no tap yet");
}
