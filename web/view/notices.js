/**
 * What the server says to nobody's message, invitations, and notices of the browser.
 */

import { fill, h, iconButton } from './dom.js';

/** @typedef {import('../client/client.js').Client} Client */

/** Notices shown at once; the others follow when these are closed. */
const SHOWN = 4;

export class Notices {
  element = h('div', { class: 'notices', role: 'status', 'aria-label': 'Notices' });
  #client;
  #drawn = '';

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  draw() {
    const { notices } = this.#client.state;
    const drawn = notices.map(({ id }) => id).join();
    if (drawn === this.#drawn) {
      return;
    }
    this.#drawn = drawn;
    const hidden = Math.max(0, notices.length - SHOWN);
    const all = h('button', { type: 'button', class: 'link', onclick: () => this.#dismissAll() }, hidden > 0 ? `Close all, ${hidden} more` : 'Close all');
    fill(this.element, ...notices.slice(-SHOWN).map((notice) => this.#notice(notice)), notices.length > 1 && all);
  }

  /** Whether one can be asked for leave to notify. */
  static mayAsk() {
    return 'Notification' in window && Notification.permission === 'default';
  }

  static ask() {
    void Notification.requestPermission();
  }

  /** Notifies through the browser, where that is allowed. @param {string} title @param {string} body @param {() => void} open */
  static tell(title, body, open) {
    if ('Notification' in window && Notification.permission === 'granted') {
      try {
        const notification = new Notification(title, { body: body.slice(0, 200), tag: title, icon: '/web/icon.svg' });
        notification.onclick = () => {
          window.focus();
          open();
          notification.close();
        };
      } catch {
        // Browsers of phones allow this to service workers only; the title still tells.
      }
    }
  }

  #dismissAll() {
    this.#client.state.notices.slice().forEach(({ id }) => this.#client.dismiss(id));
  }

  /** @param {import('../state/model.js').Notice} notice */
  #notice({ id, text, isError, room }) {
    const join = () => {
      this.#client.dismiss(id);
      this.#client.join(room);
    };
    return h(
      'div',
      { class: isError ? 'notice-box error' : 'notice-box' },
      h('span', {}, text),
      room !== '' && h('button', { type: 'button', class: 'primary', onclick: join }, `Join ${room}`),
      iconButton('close', 'Close', () => this.#client.dismiss(id)),
    );
  }
}
