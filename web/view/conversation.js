/**
 * The middle: the head of a conversation, its messages, and where one writes.
 */

import { drawText } from './message.js';
import { fill, h, iconButton, setAttribute, setText } from './dom.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */

/**
 * @typedef {object} HeadActions
 * @property {() => void} menu
 * @property {() => void} people
 * @property {() => void} search
 * @property {(where: Conversation) => void} topic
 * @property {(where: Conversation) => void} leave
 */

export class ConversationView {
  element;
  #client;
  #title = h('h1', { class: 'title' });
  #topic = h('p', { class: 'topic' });
  #buttons;
  #peopleButton;
  #searchButton;
  #timeline;
  #composer;
  #body;
  #nothing;
  #topicDrawn = '';
  /** @type {Conversation | null} */
  #where = null;

  /**
   * @param {Client} client
   * @param {HeadActions} actions
   * @param {import('./timeline.js').TimelineView} timeline
   * @param {import('./composer.js').Composer} composer
   * @param {() => void} join
   */
  constructor(client, actions, timeline, composer, join) {
    this.#client = client;
    this.#timeline = timeline;
    this.#composer = composer;
    const withWhere = (/** @type {(where: Conversation) => void} */ action) => () => this.#where && action(this.#where);
    this.#peopleButton = iconButton('people', 'People', actions.people, { 'aria-controls': 'people' });
    this.#searchButton = iconButton('search', 'Search', actions.search);
    this.#buttons = h(
      'div',
      { class: 'head-buttons' },
      iconButton('edit', 'Change the topic', withWhere(actions.topic), { class: 'icon-button for-room' }),
      this.#searchButton,
      this.#peopleButton,
      iconButton('leave', 'Leave', withWhere(actions.leave)),
    );
    this.#body = h('div', { class: 'conversation-body' }, timeline.element, composer.element);
    this.#nothing = h(
      'div',
      { class: 'nothing-open', hidden: true },
      h('p', {}, 'Go into a room, or talk to somebody.'),
      h('button', { type: 'button', class: 'primary', onclick: join }, 'Show the rooms'),
    );
    this.element = h(
      'main',
      { class: 'conversation' },
      h(
        'header',
        { class: 'conversation-head' },
        iconButton('menu', 'Conversations', actions.menu, { class: 'icon-button only-phone menu', 'aria-controls': 'sidebar' }),
        h('div', { class: 'head-text' }, this.#title, this.#topic),
        this.#buttons,
      ),
      this.#body,
      this.#nothing,
    );
  }

  /** @param {Conversation | null} where @param {'' | 'people' | 'search'} side */
  draw(where, side) {
    this.#where = where;
    setAttribute(this.#body, 'hidden', where === null);
    setAttribute(this.#buttons, 'hidden', where === null);
    setAttribute(this.#nothing, 'hidden', where !== null);
    setText(this.#title, where?.name ?? 'Welcome');
    this.element.dataset['kind'] = where?.kind ?? '';
    setAttribute(this.#peopleButton, 'aria-expanded', side === 'people' ? 'true' : 'false');
    setAttribute(this.#peopleButton, 'hidden', where?.kind !== 'room');
    setAttribute(this.#searchButton, 'aria-expanded', side === 'search' ? 'true' : 'false');
    setAttribute(this.#searchButton, 'hidden', !this.#client.session.capabilities.has('soju.im/search'));
    this.#drawTopic(where);
    if (where) {
      this.#timeline.draw(where);
      this.#composer.draw(where);
    }
  }

  /** @param {Conversation | null} where */
  #drawTopic(where) {
    const known = where?.kind === 'person' ? this.#client.state.people.get(where.name.toLowerCase()) : null;
    const presence = where?.isOffline ? 'not here' : known?.isAway ? 'away' : 'here';
    const topic = where?.kind === 'person' ? `Private · ${presence}` : (where?.topic ?? '');
    if (topic !== this.#topicDrawn) {
      this.#topicDrawn = topic;
      fill(this.#topic, ...drawText(topic));
    }
  }
}
