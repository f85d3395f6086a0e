// What a phone does while nobody looks at its page: a notification, if its button has
// been allowed one, and a number on the icon of an installed page.

/** Notifier notifies of what waits. */
export class Notifier {
  /** @param {HTMLElement} button asks for the permission; it is shown while that can be asked for */
  constructor(button) {
    this._button = button;
    /** @type {Notification | undefined} */
    this._shown = undefined;
    this._offer();
    button.addEventListener("click", async () => {
      await Notification.requestPermission();
      this._offer();
    });
  }

  /**
   * @param {string} title
   * @param {string} body
   */
  tell(title, body) {
    if (document.visibilityState === "visible" || typeof Notification === "undefined" || Notification.permission !== "granted") return;
    this._shown?.close();
    const shown = new Notification(title, { body, icon: "/static/phone-rings.svg" });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    this._shown = shown;
  }

  /** @param {number} n how much waits; what was told of is taken back once nothing does */
  count(n) {
    if (n === 0) this._shown?.close();
    const set = n ? navigator.setAppBadge?.(n) : navigator.clearAppBadge?.();
    set?.catch(() => {}); // a page that is not installed has no icon
  }

  _offer() {
    const can = typeof Notification !== "undefined" && Notification.permission === "default";
    const hadFocus = document.activeElement === this._button;
    this._button.hidden = !can;
    if (!can && hadFocus) document.getElementById("mute")?.focus();
  }
}
