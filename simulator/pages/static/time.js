// The server's clock: what the phone shows counts by it.

import { locale } from "./words.js";

let offset = 0; // server time minus performance.now()

/** @param {string} text a time as the server writes it */
export function setServerTime(text) {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) offset = time - performance.now();
}

export const serverNow = () => offset + performance.now();

/** @param {string} until */
export const timeLeft = (until) => Math.max(0, Date.parse(until) - serverNow());

const hours = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });

const here = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short" });

/**
 * withTimeHere is a text as it is. If it ends with a time of day in UTC, which is how an
 * application writes one that knows no zone, it says beside it when that was here.
 *
 * @param {string} text
 * @param {string} near a time of about that day
 */
export function withTimeHere(text, near) {
  const [, time] = text.match(/\b(\d\d:\d\d:\d\d) UTC$/) ?? [];
  const at = Date.parse(near);
  if (!time || Number.isNaN(at) || new Date(at).getTimezoneOffset() === 0) return text;
  return `${text} (${here.format(Date.parse(`${new Date(at).toISOString().slice(0, 11)}${time}Z`))})`;
}

/**
 * clockTime is the time of day; withDay puts the day before it unless that
 * is today.
 *
 * @param {string} [text] now, if it is missing
 */
export function clockTime(text, withDay = false) {
  const at = new Date(text ?? serverNow());
  const time = hours.format(at);
  const today = new Date(serverNow()).toDateString() === at.toDateString();
  return withDay && !today ? `${days.format(at)}, ${time}` : time;
}
