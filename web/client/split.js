/**
 * Texts cut so that each part fits into a line of IRC.
 */

import { byteLength } from '../irc/line.js';
import { LINE_BYTES } from '../limits.js';

/** Bytes that the server puts in front for others: `:nick!user@host ` at its longest (NICKLEN, USERLEN, HOSTLEN). */
const SOURCE_BYTES = 1 + 32 + 1 + 16 + 1 + 64 + 1;

/**
 * @param {string} command
 * @param {string} target
 * @param {string} text with line breaks
 * @returns {{text: string, isContinued: boolean}[]} `isContinued`: belongs to the line before without a break
 */
export function splitText(command, target, text) {
  const room = LINE_BYTES - 2 - SOURCE_BYTES - byteLength(`${command} ${target} :`);
  return text.split('\n').flatMap((line) => {
    const parts = cut(line, room);
    return parts.map((part, index) => ({ text: part, isContinued: index > 0 }));
  });
}

/** Cuts between characters, at a space where there is one near. @param {string} line @param {number} room @returns {string[]} */
function cut(line, room) {
  const parts = [];
  let part = '';
  let bytes = 0;
  for (const char of line) {
    const size = byteLength(char);
    if (bytes + size > room) {
      const space = part.lastIndexOf(' ');
      const end = space > part.length / 2 ? space + 1 : part.length;
      parts.push(part.slice(0, end));
      part = part.slice(end);
      bytes = byteLength(part);
    }
    part += char;
    bytes += size;
  }
  return [...parts, part];
}
