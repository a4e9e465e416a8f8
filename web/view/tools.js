/**
 * What can be done with a message: one toolbar, which is put to the message that is pointed at or has the focus.
 */

import { isStored } from '../state/timeline.js';
import { h, iconButton, setAttribute } from './dom.js';

/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Message} Message */

/**
 * @typedef {object} ToolActions
 * @property {(where: Conversation, message: Message) => void} reply
 * @property {(where: Conversation, message: Message) => void} react
 * @property {(where: Conversation, message: Message) => void} remove
 * @property {(where: Conversation, message: Message) => boolean} mayRemove
 */

export class Tools {
  #element;
  #remove;
  #actions;
  /** @type {{where: Conversation, message: Message} | null} */
  #at = null;

  /** @param {ToolActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#remove = iconButton('trash', 'Delete', () => this.#run(actions.remove));
    this.#element = h(
      'div',
      { class: 'tools', role: 'toolbar', 'aria-label': 'Message' },
      iconButton('smile', 'React', () => this.#run(actions.react)),
      iconButton('reply', 'Reply', () => this.#run(actions.reply)),
      this.#remove,
    );
  }

  /** @param {HTMLElement} article @param {Conversation} where @param {Message} message */
  attach(article, where, message) {
    if (!isStored(message.id)) {
      return;
    }
    this.#at = { where, message };
    setAttribute(this.#remove, 'hidden', !this.#actions.mayRemove(where, message));
    if (this.#element.parentElement !== article) {
      article.append(this.#element);
    }
  }

  /** @param {(where: Conversation, message: Message) => void} action */
  #run(action) {
    if (this.#at) {
      action(this.#at.where, this.#at.message);
    }
  }
}
