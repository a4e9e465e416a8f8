/**
 * Messages on their way: they wait for a connection, are sent once, and stay until the server has kept or refused them.
 *
 * A message that was sent when the connection broke is in doubt. What the history has of it settles that: it is there,
 * or it is sent again. Where no history can be read its author decides.
 */

import { OUTBOX_ENTRIES } from '../limits.js';

/**
 * @typedef {object} Outgoing
 * @property {string} id of this page, told apart from every msgid by its `~`
 * @property {string} target
 * @property {'PRIVMSG' | 'NOTICE'} command
 * @property {string} text with line breaks
 * @property {string} replyTo msgid, or `''`
 * @property {number} time when it was written
 * @property {'waiting' | 'sent' | 'doubt' | 'failed'} state
 * @property {string} label of the last sending
 * @property {string} error why it failed
 */

export class Outbox {
  /** In the order in which they were written. @type {Outgoing[]} */
  entries = [];
  #ids = 0;

  /**
   * Takes a message.
   * @param {Pick<Outgoing, 'target' | 'command' | 'text' | 'replyTo' | 'time'>} message
   * @returns {Outgoing | null} null when too many wait
   */
  add(message) {
    if (this.entries.length >= OUTBOX_ENTRIES) {
      return null;
    }
    this.#ids += 1;
    /** @type {Outgoing} */
    const entry = { ...message, id: `~${this.#ids}`, state: 'waiting', label: '', error: '' };
    this.entries.push(entry);
    return entry;
  }

  /**
   * Those that can be sent now. Behind one that is in doubt the others of its target wait, so that the order holds.
   * @param {(target: string) => boolean} isReady whether the target can be written to
   * @returns {Outgoing[]}
   */
  ready(isReady) {
    const held = new Set(this.entries.filter((entry) => entry.state === 'doubt').map((entry) => entry.target));
    return this.entries.filter((entry) => entry.state === 'waiting' && !held.has(entry.target) && isReady(entry.target));
  }

  /** @param {Outgoing} entry @param {string} label */
  sent(entry, label) {
    entry.state = 'sent';
    entry.label = label;
  }

  /**
   * The server answered a label: with the message itself, or anything else that is no error.
   * @param {string} label
   * @returns {Outgoing | null} what is done with, and taken out
   */
  acknowledged(label) {
    const entry = this.#find(label);
    if (entry) {
      this.remove(entry.id);
    }
    return entry;
  }

  /**
   * The server refused what it was sent with a label.
   * @param {string} label
   * @param {string} error
   * @returns {Outgoing | null}
   */
  refused(label, error) {
    const entry = this.#find(label);
    if (entry) {
      entry.state = 'failed';
      entry.error = error;
    }
    return entry;
  }

  /** The connection broke: what was sent without an answer is in doubt. */
  lost() {
    for (const entry of this.entries) {
      if (entry.state === 'sent') {
        entry.state = 'doubt';
        entry.label = '';
      }
    }
  }

  /**
   * A message of ours was found in the history: the first such that is in doubt was kept.
   * @param {string} target
   * @param {string} text
   */
  found(target, text) {
    const entry = this.entries.find((one) => one.state === 'doubt' && one.target === target && one.text === text);
    if (entry) {
      this.remove(entry.id);
    }
  }

  /**
   * All history of a target was seen.
   * @param {string} target
   * @param {boolean} isReadable whether the history has what was said there; otherwise nobody but the author can tell
   */
  settle(target, isReadable) {
    for (const entry of this.entries) {
      if (entry.state === 'doubt' && entry.target === target) {
        entry.state = isReadable ? 'waiting' : 'failed';
        entry.error = isReadable ? '' : 'The connection broke; it may have arrived or not.';
      }
    }
  }

  /** What waits for a target will not go there. @param {string} target @param {string} error */
  giveUp(target, error) {
    for (const entry of this.entries) {
      if (entry.target === target && (entry.state === 'waiting' || entry.state === 'doubt')) {
        entry.state = 'failed';
        entry.error = error;
      }
    }
  }

  /** Sends one that failed again. @param {string} id */
  retry(id) {
    const index = this.entries.findIndex((entry) => entry.id === id && entry.state === 'failed');
    const [entry] = index < 0 ? [] : this.entries.splice(index, 1);
    if (entry) {
      this.entries.push({ ...entry, state: 'waiting', error: '', label: '' });
    }
  }

  /** @param {string} id */
  remove(id) {
    this.entries = this.entries.filter((entry) => entry.id !== id);
  }

  /** @param {string} target */
  of(target) {
    return this.entries.filter((entry) => entry.target === target);
  }

  /** @param {string} label */
  #find(label) {
    return this.entries.find((entry) => entry.label === label && entry.state === 'sent') ?? null;
  }
}
