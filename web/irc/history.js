/**
 * Questions for history (IRCv3 chathistory): few at a time, for the server answers no more than four of them at once.
 */

import { HISTORY_IN_FLIGHT, HISTORY_PAGE, HISTORY_WAITING } from '../limits.js';

/**
 * What is asked: the newest; what was before or after a message; what is around it.
 * @typedef {object} Question
 * @property {string} target
 * @property {'latest' | 'before' | 'after' | 'around'} way
 * @property {string} msgid `''` for the newest
 */

export class HistoryQueue {
  /** @type {Question[]} */
  #waiting = [];
  /** By label. @type {Map<string, Question>} */
  #asked = new Map();

  /** Asks, unless the same is being asked. @param {Question} question */
  add(question) {
    const isSame = (/** @type {Question} */ other) => other.target === question.target && other.way === question.way;
    if (this.#waiting.some(isSame) || [...this.#asked.values()].some(isSame)) {
      return;
    }
    this.#waiting.push(question);
    if (this.#waiting.length > HISTORY_WAITING) {
      this.#waiting.shift();
    }
  }

  /**
   * The next that may be asked. Tell `asked` with its label.
   * @returns {Question | null}
   */
  next() {
    return this.#asked.size < HISTORY_IN_FLIGHT ? (this.#waiting.shift() ?? null) : null;
  }

  /** @param {string} label @param {Question} question */
  asked(label, question) {
    this.#asked.set(label, question);
  }

  /**
   * The question that an answer is to; it is done with then.
   * @param {string} label
   * @returns {Question | null}
   */
  answered(label) {
    const question = this.#asked.get(label) ?? null;
    this.#asked.delete(label);
    return question;
  }

  /** The connection broke: nothing that was asked will be answered. */
  clear() {
    this.#waiting = [];
    this.#asked.clear();
  }
}

/**
 * The parameters of CHATHISTORY.
 * @param {Question} question
 * @param {number} limit of ISUPPORT CHATHISTORY
 * @returns {string[]}
 */
export function historyParams({ target, way, msgid }, limit) {
  const count = String(Math.min(limit, HISTORY_PAGE));
  return [way.toUpperCase(), target, msgid === '' ? '*' : `msgid=${msgid}`, count];
}
