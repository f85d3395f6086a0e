// Tap to flip: from the tap to the browser's own acknowledgement.

import { byId } from "./page.js";
import { draw, duration } from "./diagram.js";

/** @typedef {{id: number, seen: number, ms: number, polling: number}} Flip */

const BARS = 20;
const STEP = 10; // milliseconds a bar

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** @param {Flip[]} taps */
function summary(taps) {
  return `${taps.length} taps, median ${duration(median(taps.map((f) => f.ms)))}; polling ${duration(median(taps.map((f) => f.polling)))}`;
}

/**
 * @param {Flip[]} flips
 * @param {string} none is said where there is no tap yet
 */
export function showFlips(flips, none = "") {
  const last = flips[flips.length - 1];
  byId("flip-last").textContent = last ? duration(last.ms) : "–";
  byId("flip-polling").textContent = last ? duration(last.polling) : "–";
  byId("flip-last").parentElement?.parentElement?.classList.toggle("none", !last);
  byId("flip-median").textContent = flips.length > 1 ? summary(flips) : last ? "" : none;
  const bars = new Array(BARS).fill(0);
  for (const { ms } of flips) bars[Math.min(BARS - 1, Math.floor(ms / STEP))]++;
  const most = Math.max(1, ...bars);
  byId("flip-bars").replaceChildren(...bars.map((n, i) => {
    const height = Math.max(n > 0 ? 4 : 1, (n / most) * 36);
    return draw("rect", { x: i * 10 + 1, y: 38 - height, width: 8, height });
  }));
  byId("flip-picture").setAttribute("aria-label", flips.length
    ? `Histogram of ${flips.length} taps, from 0 to ${BARS * STEP} milliseconds` : "Histogram: no tap yet");
}
