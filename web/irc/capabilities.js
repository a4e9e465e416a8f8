/**
 * Capabilities that the server offers, and those that the page asks for (IRCv3 capability negotiation).
 */

/** Without these the page cannot tell what was said from what was not; every server that serves it has them. */
export const REQUIRED = ['batch', 'echo-message', 'labeled-response', 'message-tags', 'server-time'];

/** Asked for where they are offered. */
export const WANTED = [
  ...REQUIRED,
  'account-notify',
  'account-tag',
  'away-notify',
  'cap-notify',
  'chghost',
  'draft/account-registration',
  'draft/channel-rename',
  'draft/chathistory',
  'draft/event-playback',
  'draft/extended-isupport',
  'draft/message-redaction',
  'draft/multiline',
  'draft/read-marker',
  'extended-join',
  'invite-notify',
  'multi-prefix',
  'no-implicit-names',
  'sasl',
  'setname',
  'soju.im/search',
  'standard-replies',
];

export class Capabilities {
  /** What is offered, with values. @type {Map<string, string>} */
  offered = new Map();
  /** What is in force. @type {Set<string>} */
  enabled = new Set();

  /** @param {string} list of CAP LS or NEW */
  offer(list) {
    for (const word of words(list)) {
      const [name = '', ...value] = word.split('=');
      this.offered.set(name, value.join('='));
    }
  }

  /** @param {string} list of CAP ACK */
  acknowledge(list) {
    for (const word of words(list)) {
      if (word.startsWith('-')) {
        this.enabled.delete(word.slice(1));
      } else {
        this.enabled.add(word);
      }
    }
  }

  /** @param {string} list of CAP DEL */
  withdraw(list) {
    for (const name of words(list)) {
      this.offered.delete(name);
      this.enabled.delete(name);
    }
  }

  /** What to ask for: wanted, offered, and not in force. */
  missing() {
    return WANTED.filter((name) => this.offered.has(name) && !this.enabled.has(name));
  }

  /** Required ones that are not offered. */
  lacking() {
    return REQUIRED.filter((name) => !this.offered.has(name));
  }

  /** @param {string} name */
  has(name) {
    return this.enabled.has(name);
  }

  /**
   * A number in a capability's value, such as `max-lines` of draft/multiline.
   * @param {string} name
   * @param {string} key
   * @param {number} otherwise
   */
  number(name, key, otherwise) {
    const found = (this.offered.get(name) ?? '').split(',').find((part) => part.startsWith(`${key}=`));
    const value = Number(found?.slice(key.length + 1));
    return Number.isSafeInteger(value) && value > 0 ? value : otherwise;
  }
}

/** @param {string} list @returns {string[]} */
function words(list) {
  return list.split(' ').filter((word) => word !== '');
}
