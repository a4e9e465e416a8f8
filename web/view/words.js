/**
 * Times, counts and names in words.
 */

import { hueOf } from '../state/text.js';
import { h } from './dom.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** Hours and minutes. @param {number} time */
export const clockTime = (time) => clock.format(time);

/** Day and time, for search results. @param {number} time */
export const shortTime = (time) => short.format(time);

/** The day, with the words that are used for the last two. @param {number} time */
export function dayName(time) {
  const startOf = (/** @type {Date} */ day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const days = Math.round((startOf(new Date()) - startOf(new Date(time))) / 86_400_000);
  return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : date.format(time);
}

/** An element with the hour, and everything in its tooltip. @param {number} time */
export function timeElement(time) {
  return h('time', { datetime: new Date(time).toISOString(), title: full.format(time) }, clockTime(time));
}

/** A count for a badge. @param {number} count */
export const badgeText = (count) => (count > 99 ? '99+' : String(count));

/** Classes of the colour of a name. @param {string} nick */
export const nickClass = (nick) => `nick-${hueOf(nick, 10)}`;

/** A square with the first letter of a name. @param {string} nick */
export function avatar(nick) {
  const [letter = '?'] = nick.replace(/^[^\p{L}\p{N}]+/u, '');
  return h('span', { class: `avatar ${nickClass(nick)}`, 'aria-hidden': 'true' }, letter.toUpperCase());
}

/** Who is typing. @param {string[]} nicks */
export function typingText(nicks) {
  const [first = '', second = ''] = nicks;
  if (nicks.length === 0) {
    return '';
  }
  if (nicks.length === 1) {
    return `${first} is typing…`;
  }
  return nicks.length === 2 ? `${first} and ${second} are typing…` : 'Several people are typing…';
}
