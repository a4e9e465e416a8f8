/**
 * Texts of messages in pieces: IRC formatting, links and our own name. Nothing of a text is ever read as HTML.
 */

/**
 * A piece of text that looks the same throughout.
 * @typedef {object} Span
 * @property {string} text
 * @property {string[]} styles of bold, italic, underline, strike, mono, spoiler
 * @property {number | null} foreground one of the 16 colours
 * @property {string} link an address, or `''`
 */

/** Control characters that switch a style on and off (modern.ircdocs.horse/formatting). */
const STYLES = new Map([
  ['\x02', 'bold'],
  ['\x1d', 'italic'],
  ['\x1f', 'underline'],
  ['\x1e', 'strike'],
  ['\x11', 'mono'],
]);
// eslint-disable-next-line no-control-regex
const CODES = /\x03(\d{1,2})?(?:,(\d{1,2}))?|\x04[0-9a-fA-F]{0,6}|[\x02\x1d\x1f\x1e\x11\x16\x0f]/g;
// eslint-disable-next-line no-control-regex
const OTHER_CONTROLS = /[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g;
const LINK = /\bhttps?:\/\/[^\s<>"'`]+/gi;

/**
 * Parts a text into pieces.
 * @param {string} text
 * @returns {Span[]}
 */
export function spansOf(text) {
  /** @type {Span[]} */
  const spans = [];
  let styles = new Set();
  /** @type {number | null} */
  let foreground = null;
  /** @type {number | null} */
  let background = null;
  let start = 0;
  const add = (/** @type {string} */ part) => {
    const plain = part.replace(OTHER_CONTROLS, '');
    if (plain !== '') {
      const isSpoiler = foreground !== null && foreground === background;
      spans.push(...withLinks(plain, isSpoiler ? ['spoiler'] : [...styles], isSpoiler ? null : foreground));
    }
  };
  for (const match of text.matchAll(CODES)) {
    add(text.slice(start, match.index));
    start = match.index + match[0].length;
    const code = match[0].charAt(0);
    const style = STYLES.get(code);
    if (style) {
      styles = toggled(styles, style);
    } else if (code === '\x0f') {
      [styles, foreground, background] = [new Set(), null, null];
    } else if (code === '\x03') {
      foreground = match[1] === undefined ? null : Number(match[1]);
      background = match[1] === undefined ? null : match[2] === undefined ? background : Number(match[2]);
    }
  }
  add(text.slice(start));
  return spans;
}

/**
 * The text without any formatting.
 * @param {string} text
 */
export function plainText(text) {
  return text.replace(CODES, '').replace(OTHER_CONTROLS, '');
}

/**
 * Whether a text names somebody, as a word of its own.
 * @param {string} text
 * @param {string} nick
 */
export function mentions(text, nick) {
  const plain = plainText(text).toLowerCase();
  const name = nick.toLowerCase();
  const isWordChar = (/** @type {string} */ char) => /[\p{L}\p{N}_]/u.test(char);
  for (let at = name === '' ? -1 : plain.indexOf(name); at >= 0; at = plain.indexOf(name, at + 1)) {
    if (!isWordChar(plain.charAt(at - 1)) && !isWordChar(plain.charAt(at + name.length))) {
      return true;
    }
  }
  return false;
}

/**
 * A number for a name, the same everywhere: which of `count` colours it has.
 * @param {string} name
 * @param {number} count
 */
export function hueOf(name, count) {
  let sum = 5381;
  for (const char of name.toLowerCase()) {
    sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01_00_01_93);
  }
  return ((sum ^ (sum >>> 15)) >>> 0) % count;
}

/** @param {Set<string>} styles @param {string} style */
function toggled(styles, style) {
  const next = new Set(styles);
  if (!next.delete(style)) {
    next.add(style);
  }
  return next;
}

/** @param {string} text @param {string[]} styles @param {number | null} foreground @returns {Span[]} */
function withLinks(text, styles, foreground) {
  /** @type {Span[]} */
  const spans = [];
  const shown = foreground !== null && foreground < 16 ? foreground : null;
  let start = 0;
  for (const match of text.matchAll(LINK)) {
    const link = withoutTrailing(match[0]);
    if (match.index > start) {
      spans.push({ text: text.slice(start, match.index), styles, foreground: shown, link: '' });
    }
    spans.push({ text: link, styles, foreground: shown, link });
    start = match.index + link.length;
  }
  if (start < text.length) {
    spans.push({ text: text.slice(start), styles, foreground: shown, link: '' });
  }
  return spans;
}

/** Punctuation behind an address ends the sentence, not the address. @param {string} link */
function withoutTrailing(link) {
  let end = link;
  for (;;) {
    const last = end.charAt(end.length - 1);
    const isOpenedInside = last === ')' && end.split('(').length > end.split(')').length - 1;
    if (!/[.,;:!?)\]}*_~]/.test(last) || isOpenedInside || (last === '_' && end.includes('/'))) {
      return end;
    }
    end = end.slice(0, -1);
  }
}
