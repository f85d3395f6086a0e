// Whose the keys are. S lends them to the frame for the sign-in form, until that is sent;
// a click and Tab give them to it until its next page. No page of the application takes
// them by itself (static/form.js).

let lent = false;

/**
 * lend shows a form in the frame, and gives it the keys.
 *
 * @param {HTMLIFrameElement} frame
 * @param {string} page
 */
export function lend(frame, page) {
  lent = true;
  return opened(frame, page);
}

/** @param {HTMLIFrameElement} frame */
export function takeBack(frame) {
  lent = false;
  if (document.activeElement !== frame) return;
  frame.blur();
  window.focus();
}

/**
 * opened is when the frame shows a page: one that is asked for next would else be taken
 * for this one.
 *
 * @param {HTMLIFrameElement} frame
 * @param {string} page
 */
export function opened(frame, page) {
  return new Promise((done) => {
    frame.addEventListener("load", done, { once: true });
    frame.src = page;
  });
}

/** @param {HTMLIFrameElement} frame */
export function watchKeys(frame) {
  frame.addEventListener("load", () => lent ? frame.focus() : takeBack(frame));
}
