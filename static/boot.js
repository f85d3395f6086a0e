// Watches over the modules of the waiting page. Where they do not run, because
// a file did not load, the browser knows no modules or one of them throws, the
// page without scripts takes over: it loads itself again every few seconds.
//
// This file is ES5 and no module: it has to run where the others do not.

(function () {
  var PATIENCE = 10000; // for modules that neither load nor fail
  var PROBE_TIMEOUT = 5000;
  var PROBE_PAUSE = 1000;
  var FULL_AGAIN = 4; // pages without scripts before the scripts get another chance

  var root = document.documentElement;
  var own = document.querySelector("script[data-plain-url]");
  var plainURL = setting("data-plain-url");
  var fullURL = setting("data-full-url");
  var probeURL = setting("data-probe-url");
  var plain = Number(setting("data-plain")); // how many in a row, 0 for the page with scripts
  var failed = false;
  var leaving = false;

  /** @param {string} name */
  function setting(name) {
    return String(own && own.getAttribute(name));
  }

  function running() {
    return root.getAttribute("data-script") === "running";
  }

  function state() {
    var page = document.getElementById("approval");
    return page ? page.getAttribute("data-now") : "";
  }

  /**
   * whenReachable asks by an image, with nothing that this page may lack.
   *
   * @param {() => void} then
   */
  function whenReachable(then) {
    var image = new Image();
    var done = false;
    var timer = setTimeout(again, PROBE_TIMEOUT);
    function finish() {
      clearTimeout(timer);
      var first = !done;
      done = true;
      return first;
    }
    function again() {
      if (finish()) setTimeout(function () { whenReachable(then); }, PROBE_PAUSE);
    }
    image.onload = function () { if (finish()) then(); };
    image.onerror = again;
    image.src = probeURL + "?" + new Date().getTime();
  }

  /** @param {string} url */
  function leave(url) {
    if (leaving) return;
    leaving = true;
    // A page that waits for its server is better than the browser's own page
    // about a server that is away.
    whenReachable(function () { location.replace(url); });
  }

  function takeOver() {
    if (state() === "pending" || state() === "approved") leave(plainURL);
  }

  function fail() {
    failed = true;
    if (document.readyState !== "loading") takeOver();
  }

  /** @param {string | undefined} text */
  function isOurs(text) {
    return String(text || "").indexOf("/static/") >= 0;
  }

  function watch() {
    addEventListener("error", function (event) {
      var element = /** @type {HTMLScriptElement} */ (event.target);
      if (isOurs(element && element.tagName === "SCRIPT" ? element.src : event.filename)) fail();
    }, true);
    addEventListener("unhandledrejection", function (event) {
      if (event.reason && isOurs(event.reason.stack)) fail();
    });
    // Modules run before this event, unless they failed.
    document.addEventListener("DOMContentLoaded", function () {
      if (failed || !running()) takeOver();
    });
    setTimeout(function () {
      if (!running()) takeOver();
    }, PATIENCE);
  }

  function withoutModules() {
    var form = /** @type {HTMLFormElement | null} */ (document.getElementById("confirm-form"));
    if (form && state() === "approved") form.submit();
    else if (plain >= FULL_AGAIN && state() === "pending") leave(fullURL);
  }

  if (plain) document.addEventListener("DOMContentLoaded", withoutModules);
  else watch();
})();
