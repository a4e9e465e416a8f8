/**
 * What the browser keeps of this page: who one is, and the rooms one was in. Nothing of what was said.
 */

/** @typedef {import('./irc/registration.js').Credentials} Credentials */

const NAME = 'helio.name';
const LOGIN = 'helio.login';
const ROOMS = 'helio.rooms';

/** The name that was used last, or `''`. */
export const lastName = () => read(localStorage, NAME) ?? '';

/**
 * Who one still is: for this visit, or until one logs out.
 * @returns {Credentials | null}
 */
export function keptCredentials() {
  const text = read(sessionStorage, LOGIN) ?? read(localStorage, LOGIN);
  try {
    const { nick, password } = JSON.parse(text ?? 'null') ?? {};
    if (typeof nick !== 'string') {
      return null;
    }
    return typeof password === 'string' ? { nick, account: { name: nick, password } } : { nick };
  } catch {
    return null;
  }
}

/**
 * Keeps who one is.
 * @param {Credentials} credentials
 * @param {boolean} isLasting beyond this visit
 */
export function keepCredentials({ nick, account, registration }, isLasting) {
  const password = account?.password ?? registration?.password;
  const text = JSON.stringify({ nick, password });
  write(localStorage, NAME, nick);
  write(sessionStorage, LOGIN, text);
  if (isLasting) {
    write(localStorage, LOGIN, text);
  }
}

/** Forgets who one was, and where. */
export function forgetCredentials() {
  for (const storage of [sessionStorage, localStorage]) {
    storage.removeItem(LOGIN);
  }
  localStorage.removeItem(ROOMS);
}

/** @returns {string[]} */
export function keptRooms() {
  try {
    const rooms = JSON.parse(read(localStorage, ROOMS) ?? '[]');
    return Array.isArray(rooms) ? rooms.filter((room) => typeof room === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string[]} rooms */
export function keepRooms(rooms) {
  const text = JSON.stringify(rooms);
  if (text !== read(localStorage, ROOMS)) {
    write(localStorage, ROOMS, text);
  }
}

/** @param {Storage} storage @param {string} key */
function read(storage, key) {
  return storage.getItem(key);
}

/** A browser that keeps nothing is no reason not to go on. @param {Storage} storage @param {string} key @param {string} value */
function write(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // Full, or forbidden.
  }
}
