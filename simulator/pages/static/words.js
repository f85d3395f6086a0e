// The sentences of the pages. They come with the page, in the reader's language.

const sentences = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/**
 * say is the sentence with a key; its arguments are filled in by name.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [args]
 */
export function say(key, args = {}) {
  const sentence = /** @type {string} */ (sentences[key] ?? key);
  return sentence.replace(/\{\{\.(\w+)\}\}/g, (hole, name) => String(args[name] ?? hole));
}

const lang = document.documentElement.lang;

// A browser may name what is none, such as en-US@posix.
/** @param {string} tag */
function isTag(tag) {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** locale is how the reader writes times: the first of the browser's languages that is the page's. */
export const locale = navigator.languages.find((one) => (one === lang || one.startsWith(`${lang}-`)) && isTag(one)) ?? (lang || undefined);

/**
 * ownersOf names everybody who has a phone.
 *
 * @param {{owners: string[]}} phone
 */
export const ownersOf = ({ owners }) => owners.reduce((first, second, i) => i < owners.length - 1 ? `${first}, ${second}` : say("and", { first, second }));
