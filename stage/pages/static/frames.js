// Frames are laid out at a width of their own, data-width, and scaled to their panes.

/** @param {HTMLIFrameElement} frame */
function fit(frame) {
  const view = /** @type {HTMLElement} */ (frame.parentElement);
  const width = Number(frame.dataset.width);
  const scale = view.clientWidth / width;
  if (scale <= 0) return;
  frame.style.width = `${width}px`;
  frame.style.height = `${view.clientHeight / scale}px`;
  frame.style.transform = `scale(${scale})`;
}

export function fitFrames() {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) fit(/** @type {HTMLIFrameElement} */ (target.firstElementChild));
  });
  for (const view of document.querySelectorAll(".view")) watch.observe(view);
}
