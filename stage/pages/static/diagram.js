// The wire as a sequence diagram: four lanes, an arrow for each hop.

/** @typedef {{id: number, from: string, to: string, text: string, tone?: string, since: number, tap?: number}} Step */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 660;
const ROW = 34;
/** @type {Record<string, number>} */
const LANES = { browser: 100, nod: 245, authy: 390, phone: 535 };
const TIME = 62; // where the time since the step before ends
const HEAD = 7; // half the height of the head of an arrow
const MOST = 596; // where words end at the latest: the time since the tap comes after that

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} text
 */
export function draw(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
}

/** @param {number} from @param {number} to @param {number} y */
function arrow(from, to, y) {
  const back = to > from ? -2 * HEAD : 2 * HEAD;
  return `M${from} ${y}H${to + back / 2}M${to} ${y}l${back} ${-HEAD}v${2 * HEAD}z`;
}

export class Diagram {
  /**
   * @param {HTMLElement} view what scrolls
   * @param {(id: number) => void} open shows a hop
   */
  constructor(view, open) {
    this._view = view;
    this._svg = /** @type {SVGElement} */ (view.querySelector("svg"));
    this._shown = "";
    this._height = 0; // of the steps
    new ResizeObserver(() => this._fit()).observe(view);
    const choose = (/** @type {Event} */ event) => {
      const step = event.target instanceof Element ? event.target.closest("[data-hop]") : null;
      if (!step) return false;
      open(Number(step.getAttribute("data-hop")));
      return true;
    };
    view.addEventListener("click", choose);
    view.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && choose(event)) event.preventDefault();
    });
  }

  /** @param {Step[]} steps */
  show(steps) {
    const ids = steps.map((step) => step.id).join();
    if (ids === this._shown) return;
    const known = new Set(this._shown.split(","));
    this._shown = ids;
    this._height = steps.length * ROW + 6 + (steps.length > 8 ? ROW : 0); // room to scroll to a whole row
    const focused = document.activeElement?.getAttribute("data-hop");
    this._svg.replaceChildren(
      ...Object.values(LANES).map((x) => draw("line", { class: "lane", x1: x, x2: x, y1: 0 })),
      ...steps.map((step, i) => this._row(step, i * ROW, !known.has(String(step.id)))),
    );
    this._keepClear();
    this._fit();
    if (focused) /** @type {SVGElement | null} */ (this._svg.querySelector(`[data-hop="${focused}"]`))?.focus({ preventScroll: true });
  }

  _keepClear() {
    for (const words of /** @type {NodeListOf<SVGTextElement>} */ (this._svg.querySelectorAll(".words[text-anchor=start]"))) {
      const from = Number(words.getAttribute("x"));
      words.setAttribute("x", String(Math.min(from, MOST - words.getComputedTextLength())));
    }
  }

  // The lanes end where the view does, or with the last step.
  _fit() {
    const { clientWidth, clientHeight } = this._view;
    if (clientWidth === 0) return;
    const height = Math.max(this._height, Math.floor(clientHeight * WIDTH / clientWidth) - 1);
    this._svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
    for (const lane of this._svg.querySelectorAll(".lane")) lane.setAttribute("y2", String(height));
    this._toEnd();
  }

  // Whole rows: the newest at the bottom, and none cut off at the top.
  _toEnd() {
    const row = this._svg.clientWidth * ROW / WIDTH;
    const hidden = this._svg.clientHeight - row - this._view.clientHeight;
    this._view.scrollTop = Math.max(0, Math.ceil(hidden / row)) * row;
  }

  /**
   * @param {Step} step
   * @param {number} y
   * @param {boolean} isNew
   */
  _row(step, y, isNew) {
    const from = LANES[step.from], to = LANES[step.to], left = Math.min(from, to);
    const tap = step.tap === undefined ? "" : duration(step.tap);
    const row = draw("g", {
      class: `step ${step.tone ?? ""} ${isNew ? "new" : ""}`, "data-hop": step.id, role: "button", tabindex: 0,
    });
    const late = left >= LANES.authy;
    row.append(
      draw("rect", { class: "hit", x: 0, y, width: WIDTH, height: ROW, rx: 6 }),
      draw("text", { class: "words", x: late ? LANES.phone : left + 8, y: y + 16, "text-anchor": late ? "end" : "start" }, step.text),
      draw("text", { class: "since", x: TIME, y: y + 24, "text-anchor": "end" }, `+${duration(step.since)}`),
      draw("path", { class: "arrow", d: arrow(from, to, y + 25) }),
      draw("text", { class: "tap", x: WIDTH - 6, y: y + 24, "text-anchor": "end" }, tap),
    );
    return row;
  }
}
