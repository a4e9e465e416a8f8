/**
 * The side with the conversations, who we are, and how the connection is.
 */

import { conversationsInOrder } from '../state/model.js';
import { avatar, badgeText } from './words.js';
import { drawIcon, fill, h, iconButton, setText } from './dom.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */

/**
 * @typedef {object} SidebarActions
 * @property {(where: Conversation) => void} show
 * @property {() => void} join
 * @property {() => void} talk
 * @property {() => void} self
 * @property {() => void} connection
 * @property {() => void} close
 */

export class Sidebar {
  element;
  #client;
  #actions;
  #network = h('p', { class: 'network' });
  #rooms = h('ul', { class: 'conversations' });
  #people = h('ul', { class: 'conversations' });
  #self = h('span', { class: 'self-name' });
  #selfState = h('span', { class: 'self-state' });
  #selfAvatar = h('span');
  #connection = h('span');
  /** @type {string | null} */
  #drawn = null;

  /** @param {Client} client @param {SidebarActions} actions */
  constructor(client, actions) {
    this.#client = client;
    this.#actions = actions;
    const self = h(
      'button',
      { type: 'button', class: 'self', onclick: actions.self, title: 'You' },
      this.#selfAvatar,
      h('span', { class: 'self-text' }, this.#self, this.#selfState),
    );
    const connection = h('button', { type: 'button', class: 'connection', onclick: actions.connection }, drawIcon('signal'), this.#connection);
    this.element = h(
      'nav',
      { class: 'sidebar', id: 'sidebar', 'aria-label': 'Conversations' },
      h('div', { class: 'sidebar-head' }, this.#network, iconButton('close', 'Close', actions.close, { class: 'icon-button only-phone' })),
      h(
        'div',
        { class: 'sidebar-lists' },
        heading('Rooms', 'Join or make a room', actions.join),
        this.#rooms,
        heading('People', 'Talk to somebody', actions.talk),
        this.#people,
      ),
      h('div', { class: 'sidebar-foot' }, self, connection),
    );
  }

  draw() {
    const { state, session } = this.#client;
    setText(this.#network, state.network || 'Heliograph');
    setText(this.#self, state.nick);
    setText(this.#selfState, state.isAway ? 'away' : state.account === '' ? 'guest' : 'logged in');
    fill(this.#selfAvatar, avatar(state.nick));
    setText(this.#connection, CONNECTION_WORDS[session.status]);
    this.element.dataset['status'] = session.status;
    const list = conversationsInOrder(state);
    const drawn = list.map((one) => [one.name, one.unread, one.mentions, one.isOpen, one.isJoining, this.#isQuiet(one)].join()).join(';');
    if (drawn + state.current !== this.#drawn) {
      this.#drawn = drawn + state.current;
      this.#fillList(this.#rooms, list.filter((one) => one.kind === 'room'), 'No rooms yet.');
      this.#fillList(this.#people, list.filter((one) => one.kind === 'person'), 'Nobody yet.');
    }
  }

  /** @param {Element} element @param {Conversation[]} list @param {string} nothing */
  #fillList(element, list, nothing) {
    const focused = document.activeElement?.getAttribute('data-name');
    const entries = list.map((one) => h('li', {}, this.#entry(one)));
    fill(element, ...(entries.length > 0 ? entries : [h('li', { class: 'nothing' }, nothing)]));
    const again = focused ? [...element.querySelectorAll('button')].find((one) => one.dataset['name'] === focused) : null;
    again?.focus();
  }

  /** @param {Conversation} one */
  #entry(one) {
    const isCurrent = this.#client.state.conversations.get(this.#client.state.current) === one;
    const classes = ['entry', one.unread > 0 && 'unread', this.#isQuiet(one) && 'quiet'];
    const words = one.mentions > 0 ? `${one.mentions} for you` : `${one.unread} new`;
    return h(
      'button',
      {
        type: 'button',
        class: classes.filter(Boolean).join(' '),
        'data-name': one.name,
        'aria-current': isCurrent ? 'page' : null,
        onclick: () => this.#actions.show(one),
      },
      one.kind === 'room' ? h('span', { class: 'hash', 'aria-hidden': 'true' }, '#') : avatar(one.name),
      h('span', { class: 'name' }, one.kind === 'room' ? one.name.slice(1) : one.name),
      one.unread > 0 &&
        h(
          'span',
          { class: one.mentions > 0 ? 'badge mentions' : 'badge' },
          h('span', { 'aria-hidden': 'true' }, badgeText(one.mentions > 0 ? one.mentions : one.unread)),
          h('span', { class: 'visually-hidden' }, `, ${words}`),
        ),
    );
  }

  /** Who is away or not there, and rooms that we are not in. @param {Conversation} one */
  #isQuiet(one) {
    const known = this.#client.state.people.get(one.name.toLowerCase());
    return one.kind === 'person' ? one.isOffline || (known?.isAway ?? false) : !one.isOpen && !one.isJoining;
  }
}

/** @type {Record<import('../irc/session.js').Status, string>} */
export const CONNECTION_WORDS = {
  offline: 'Not connected',
  connecting: 'Connecting…',
  registering: 'Connecting…',
  online: 'Connected',
  waiting: 'Reconnecting…',
};

/** @param {string} text @param {string} label @param {() => void} onclick */
function heading(text, label, onclick) {
  return h('div', { class: 'list-head' }, h('h2', {}, text), iconButton('plus', label, onclick));
}
