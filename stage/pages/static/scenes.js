// The presenter's script. Each scene begins from the opening state, says what to show,
// and finds out from the wire whether it went as told.

/**
 * @typedef {object} Scene
 * @property {string} title
 * @property {string} text two sentences
 * @property {number} person who signs in, by place
 * @property {string[]} wants what the wire has to tell, in this order
 * @property {string[]} [also] what it has to tell, whenever that is
 * @property {string[]} [never] what it must not tell
 * @property {Record<string, string>} [faults] of the simulator
 * @property {string} [rival] what another browser does, with the same password
 */

const LET_IN = "Nod lets this browser in: a new session";

/** @type {Scene[]} */
export const scenes = [
  {
    title: "Sign-in", person: 0,
    text: "Press S and Enter: Ada’s phone asks. Press A: the browser is in at once.",
    wants: ["Nod asks Authy to ask Ada’s phone", "Ada taps Approve", "Nod tells the browser: approved", LET_IN],
  },
  {
    title: "Deny", person: 0,
    text: "Press S and Enter, then D: somebody has Ada’s password, and she says no. The browser is told, and nobody is in.",
    wants: ["Ada taps Deny", "Nod tells the browser: denied"], never: [LET_IN],
  },
  {
    title: "A forged callback", person: 0,
    text: "Sign Ada in (S, Enter, A), then press R to replay her callback: nothing changes. Press B, O and U: changed, with an old nonce or unsigned, it is refused.",
    wants: [LET_IN, "Nod: decided already, nothing changes", "Nod refuses it: the signature does not match", "Nod refuses it: its nonce is not of now", "Nod refuses it: it is not signed"],
  },
  {
    title: "No app: a code by SMS", person: 1,
    text: "Press S and Enter: Grace has no app, so a code comes by SMS. Type it into the browser from the phone’s messages.",
    wants: ["Nod asks Authy to send Grace a code by SMS", "The browser sends the code", "The browser opens the protected page"],
  },
  {
    title: "The provider is down", person: 0, faults: { api: "error" },
    text: "Press S and Enter: Authy fails. Nod says so at once, offers another way, and lets nobody in.",
    wants: ["Authy fails: Internal Server Error", "Nod sends the page"], never: [LET_IN],
  },
  {
    title: "Two browsers, one tap", person: 0, rival: "wait",
    text: "Another browser has Ada’s password and waits. Press S and Enter, then A: one tap lets in one browser, the one whose number the phone shows.",
    wants: ["Nod asks Authy to ask Ada’s phone", "Ada taps Approve", LET_IN],
    also: ["Nod tells the other browser: another one asks now", "The other browser wants in", "Nod keeps the other browser out"], never: ["Nod lets the other browser in: a new session"],
  },
  {
    title: "A money transfer", person: 0,
    text: "Sign Ada in (S, Enter, A) and ask for a transfer on her page. Press A: the phone has shown payee and amount, and that very transfer is carried out.",
    wants: [LET_IN, "The browser asks for a transfer", "Nod asks Authy to ask Ada’s phone", "Ada taps Approve", "The browser carries the transfer out"],
  },
  {
    title: "Push bombing, stopped", person: 0, rival: "bomb",
    text: "Somebody has Ada’s password, and asks again after each Deny. Press D twice: her phone is left in peace for an hour, and the next request never gets to it.",
    wants: ["The other browser sends e-mail and password", "Nod tells the other browser: the phone is left in peace"],
    never: ["Nod asks Authy to ask Ada’s phone"],
  },
];

/**
 * told says whether the wire tells all that a scene wants, in order, and nothing else
 * of what it must not.
 *
 * @param {Scene} scene
 * @param {string[]} sentences
 */
export function told({ wants, also = [], never = [] }, sentences) {
  let at = 0;
  for (const sentence of sentences) if (sentence === wants[at]) at++;
  const has = (/** @type {string} */ sentence) => sentences.includes(sentence);
  return at === wants.length && also.every(has) && !never.some(has);
}
