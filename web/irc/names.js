/**
 * Names of people and rooms: how they compare, and which are rooms (ISUPPORT CASEMAPPING, CHANTYPES, PREFIX).
 */

/**
 * The form of a name by which it is found. The server compares ASCII letters without case.
 * @param {string} name
 */
export function fold(name) {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * Whether a target is a room.
 * @param {string} name
 */
export function isRoom(name) {
  return name.startsWith('#');
}

/** Signs of what somebody is in a room, the highest first (PREFIX). */
export const STATUS_SIGNS = '~&@%+';

/** Mode letters in the order of the signs. */
const STATUS_MODES = 'qaohv';

/**
 * What people call a status.
 * @param {string} sign
 */
export function statusName(sign) {
  return { '~': 'founder', '&': 'admin', '@': 'operator', '%': 'half-operator', '+': 'voice' }[sign] ?? '';
}

/**
 * The sign of a mode letter, `''` for a letter that is no status.
 * @param {string} mode
 */
export function signOfMode(mode) {
  return STATUS_SIGNS[STATUS_MODES.indexOf(mode)] ?? '';
}

/**
 * Parts a name from the signs before it, as in NAMES.
 * @param {string} text
 * @returns {{signs: string, nick: string}}
 */
export function splitSigns(text) {
  const nick = text.replace(/^[~&@%+]+/, '');
  return { signs: text.slice(0, text.length - nick.length), nick };
}

/**
 * Signs with one more or one less, the highest first.
 * @param {string} signs
 * @param {string} sign
 * @param {boolean} isSet
 */
export function withSign(signs, sign, isSet) {
  return [...STATUS_SIGNS].filter((one) => (one === sign ? isSet : signs.includes(one))).join('');
}

/**
 * Why this cannot be a nickname, or `''`. The server has the last word; this spares a round trip for the plain cases.
 * @param {string} nick
 */
export function nickProblem(nick) {
  if (nick === '') {
    return 'Choose a name.';
  }
  if (/[\s,*?!@.:#$]|^[-0-9~&%+]/u.test(nick)) {
    return 'A name has no spaces or signs such as # : ! @ and does not begin with a digit.';
  }
  return [...nick].length > 32 ? 'A name has at most 32 letters.' : '';
}
