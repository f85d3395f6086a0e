// Times in the reader's own zone, as people write them who read the page's language
// where the reader is. The server, which knows no zone, writes them in UTC; that stays
// as the title.

const language = document.documentElement.lang;
const habit = [...navigator.languages, language].find((tag) => tag.split("-")[0] === language && isTag(tag));

// A browser may name what is none, such as en-US@posix.
/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

const clock = new Intl.DateTimeFormat(habit, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(habit, { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

/**
 * write shows the time that an element is for.
 *
 * @param {HTMLTimeElement} time
 */
export function write(time) {
  const at = new Date(time.dateTime);
  const isToday = at.toDateString() === new Date().toDateString();
  time.textContent = ("soon" in time.dataset && isToday ? clock : date).format(at);
}

/**
 * writeUntil shows a sentence with the time at which something may be done again, or hides
 * it where that is past or not known.
 *
 * @param {HTMLElement} sentence
 * @param {string} [at]
 */
export function writeUntil(sentence, at = "") {
  sentence.hidden = !at;
  const time = /** @type {HTMLTimeElement} */ (sentence.querySelector("time"));
  time.dateTime = at;
  if (at) write(time);
}

for (const time of document.querySelectorAll("time")) {
  if (Number.isNaN(Date.parse(time.dateTime))) continue;
  time.title = time.textContent;
  write(time);
}
