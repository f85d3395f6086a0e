// What the server is asked.

/**
 * post sends a form; an answer that is no success is an Error with what it says.
 *
 * @param {string} path
 * @param {Record<string, string>} form
 */
export async function post(path, form = {}) {
  const reply = await fetch(path, { method: "POST", body: new URLSearchParams(form) });
  if (!reply.ok) throw new Error((await reply.text()).trim() || `${path}: ${reply.status}`);
  return reply;
}

/** @param {string} path */
export async function read(path) {
  const reply = await fetch(path, { cache: "no-store" });
  if (!reply.ok) throw new Error((await reply.text()).trim() || `${path}: ${reply.status}`);
  return reply.json();
}

/** @param {unknown} error */
export const wordsOf = (error) => error instanceof Error ? error.message : String(error);
