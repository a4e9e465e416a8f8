/**
 * Who is typing (IRCv3 typing): what we tell, and for how long others are shown.
 */

import { TYPING_SENT_MS } from '../limits.js';

/** @typedef {import('../state/model.js').State} State */

/** What we told of ourselves. */
export class Typing {
  /** When we said last that we type, by conversation. @type {Map<string, number>} */
  #told = new Map();

  /**
   * Tells the others, unless they were told a moment ago.
   * @param {import('../irc/session.js').Session} session
   * @param {string} target
   * @param {boolean} isActive
   * @param {number} now
   */
  tell(session, target, isActive, now) {
    const told = this.#told.get(target);
    if (isActive && now - (told ?? -Infinity) >= TYPING_SENT_MS) {
      session.send('TAGMSG', [target], [['+typing', 'active']]);
      this.#told.set(target, now);
    } else if (!isActive && told !== undefined) {
      session.send('TAGMSG', [target], [['+typing', 'done']]);
      this.#told.delete(target);
    }
  }

  /** The message was sent, which tells enough. @param {string} target */
  forget(target) {
    this.#told.delete(target);
  }

  clear() {
    this.#told.clear();
  }
}

/**
 * Those who did not say so again type no more.
 * @param {State} state
 * @param {number} now
 */
export function expireTyping(state, now) {
  for (const where of state.conversations.values()) {
    for (const [key, { until }] of where.typing) {
      if (until <= now) {
        where.typing.delete(key);
        where.revision += 1;
      }
    }
  }
}

/**
 * When the next of them is shown no more; Infinity when none is.
 * @param {State} state
 */
export function nextExpiry(state) {
  const all = [...state.conversations.values()].flatMap((where) => [...where.typing.values()]);
  return Math.min(Infinity, ...all.map(({ until }) => until));
}
