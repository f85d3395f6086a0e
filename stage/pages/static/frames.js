// Frames are laid out at a width of their own, data-width, and scaled to their panes: as
// large as leaves them so much height, and wider where there is room for that.

const HEIGHT = 540;

/** @param {HTMLIFrameElement} frame */
function fit(frame) {
  const view = /** @type {HTMLElement} */ (frame.parentElement);
  const width = Number(frame.dataset.width);
  const scale = Math.min(view.clientWidth / width, view.clientHeight / HEIGHT);
  if (scale <= 0) return;
  frame.style.width = `${view.clientWidth / scale}px`;
  frame.style.height = `${view.clientHeight / scale}px`;
  frame.style.transform = `scale(${scale})`;
}

export function fitFrames() {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) fit(/** @type {HTMLIFrameElement} */ (target.firstElementChild));
  });
  for (const view of document.querySelectorAll(".view")) watch.observe(view);
}
