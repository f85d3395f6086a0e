// Whose the keys are. A page in a frame may take them by itself, for its heading or a
// field. They come back to the stage at once, but from the form that is about to be
// sent, and where the presenter has gone into the frame by pointer or Tab.

let formComes = false;
let lent = false;

addEventListener("keydown", ({ key }) => {
  if (key === "Tab") lend();
}, true);

function lend() {
  lent = true;
  setTimeout(() => (lent = false), 300);
}

addEventListener("blur", () => setTimeout(takeBack));

function takeBack() {
  const frame = document.activeElement;
  if (!(frame instanceof HTMLIFrameElement) || lent || frame.matches(":hover")) return;
  frame.blur();
  window.focus();
}

/**
 * lendTo gives the keys to a form once its page is there.
 *
 * @param {HTMLIFrameElement} frame
 * @param {string} page
 */
export function lendTo(frame, page) {
  formComes = true;
  frame.src = page;
}

/** @param {HTMLIFrameElement} frame */
export function watchKeys(frame) {
  frame.addEventListener("load", () => {
    if (formComes) {
      lend();
      frame.focus();
    } else {
      lent = false; // also where the form was sent within a moment
      takeBack();
    }
    formComes = false;
  });
}
