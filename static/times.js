// Times in the reader's own zone, as people write them who read the page's language
// where the reader is. The server, which knows no zone, writes them in UTC; that stays
// as the title. A time to be compared with the phone's, which shows UTC too, stays as
// it is, and says beside it when that was here.

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

/** @type {Intl.DateTimeFormatOptions} */
const clock = { hour: "numeric", minute: "2-digit" };
const date = new Intl.DateTimeFormat(habit, { year: "numeric", month: "short", day: "numeric", ...clock });
const here = new Intl.DateTimeFormat(habit, { ...clock, timeZoneName: "short" });

for (const time of document.querySelectorAll("time")) {
  const at = Date.parse(time.dateTime);
  if (Number.isNaN(at)) continue;
  if (time.dataset.compare !== undefined) {
    if (new Date(at).getTimezoneOffset() !== 0) time.append(` (${here.format(at)})`);
    continue;
  }
  time.title = time.textContent;
  time.textContent = date.format(at);
}
