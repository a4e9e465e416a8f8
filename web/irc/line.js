/**
 * Lines of IRC: tags, source, command and parameters (RFC 1459 §2.3.1, IRCv3 message-tags).
 */

/**
 * One line that came.
 * @typedef {object} Line
 * @property {Map<string, string>} tags values with their escapes undone; `''` for a tag without value
 * @property {string} source who it is from, `nick!user@host` or a server; `''` when it does not say
 * @property {string} command in capitals, or three digits
 * @property {string[]} params
 */

/**
 * Reads a line without its end.
 * @param {string} text
 * @returns {Line | null} null when it is no line of IRC
 */
export function parseLine(text) {
  let rest = text.replace(/[\r\n]+$/, '');
  let tags = new Map();
  if (rest.startsWith('@')) {
    const [word, after] = cut(rest.slice(1));
    tags = parseTags(word);
    rest = after;
  }
  let source = '';
  if (rest.startsWith(':')) {
    [source, rest] = cut(rest.slice(1));
  }
  const [command, after] = cut(rest);
  if (!/^(?:[A-Za-z]+|[0-9]{3})$/.test(command)) {
    return null;
  }
  return { tags, source, command: command.toUpperCase(), params: parseParams(after) };
}

/**
 * Writes a line without its end.
 * @param {string} command
 * @param {string[]} [params] the last may have spaces
 * @param {Iterable<[string, string]>} [tags]
 * @returns {string}
 * @throws {RangeError} when a parameter cannot be written: no text of anybody makes two lines of one
 */
export function formatLine(command, params = [], tags = []) {
  const words = [];
  const written = [...tags].map(([key, value]) => (value === '' ? key : `${key}=${escapeTag(value)}`));
  if (written.length > 0) {
    words.push(`@${written.join(';')}`);
  }
  words.push(command);
  params.forEach((param, index) => {
    const isPlain = param !== '' && !param.startsWith(':') && !param.includes(' ');
    if (/[\r\n\0]/.test(param) || (!isPlain && index < params.length - 1)) {
      throw new RangeError(`parameter ${index + 1} of ${command} cannot be written in a line`);
    }
    words.push(isPlain ? param : `:${param}`);
  });
  return words.join(' ');
}

/**
 * The nickname, or the server's name, of a source.
 * @param {string} source
 */
export function nickOf(source) {
  return source.split(/[!@]/, 1)[0] ?? '';
}

/**
 * Bytes of a text as UTF-8.
 * @param {string} text
 */
export function byteLength(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * Undoes the escapes of a tag's value. A backslash before any other character is dropped, also at the end.
 * @param {string} value
 */
export function unescapeTag(value) {
  return value.replace(/\\(.?)/gs, (_, char) => UNESCAPED.get(char) ?? char);
}

/**
 * Writes a tag's value with escapes.
 * @param {string} value
 */
export function escapeTag(value) {
  return value.replace(/[; \\\r\n]/g, (char) => `\\${ESCAPED.get(char)}`);
}

const ESCAPED = new Map([[';', ':'], [' ', 's'], ['\\', '\\'], ['\r', 'r'], ['\n', 'n']]);
const UNESCAPED = new Map([...ESCAPED].map(([char, letter]) => [letter, char]));

/**
 * The first word and what follows it.
 * @param {string} text
 * @returns {[string, string]}
 */
function cut(text) {
  const end = text.indexOf(' ');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end).replace(/^ +/, '')];
}

/**
 * @param {string} word
 * @returns {Map<string, string>}
 */
function parseTags(word) {
  const tags = new Map();
  for (const tag of word.split(';')) {
    const equals = tag.indexOf('=');
    const key = equals < 0 ? tag : tag.slice(0, equals);
    if (key !== '') {
      tags.set(key, equals < 0 ? '' : unescapeTag(tag.slice(equals + 1)));
    }
  }
  return tags;
}

/**
 * @param {string} text
 * @returns {string[]}
 */
function parseParams(text) {
  const params = [];
  let rest = text;
  while (rest !== '') {
    if (rest.startsWith(':')) {
      params.push(rest.slice(1));
      break;
    }
    const [word, after] = cut(rest);
    params.push(word);
    rest = after;
  }
  return params;
}
