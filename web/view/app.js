/**
 * The page when one is in: sides, middle, and what stands in front, drawn from the client's state.
 */

import { spoken } from '../state/message.js';
import { conversationsInOrder, currentConversation, isMe } from '../state/model.js';
import { totals } from '../state/unread.js';
import { Composer } from './composer.js';
import { ConversationView } from './conversation.js';
import { askText, chooseAction, chooseEmoji, confirmThat, openTable } from './dialogs.js';
import { h, iconButton, setAttribute, setText } from './dom.js';
import { Notices } from './notices.js';
import { People } from './people.js';
import { openRooms } from './rooms.js';
import { SearchPanel } from './search.js';
import { CONNECTION_WORDS, Sidebar } from './sidebar.js';
import { TimelineView } from './timeline.js';
import { Tools } from './tools.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Message} Message */

/** Messages told to a reader of the screen one by one; of more only the number is told. */
const SPOKEN = 3;

export class App {
  element;
  #client;
  #now;
  #logOut;
  #fingerprint;
  #sidebar;
  #conversation;
  #timeline;
  #composer;
  #people;
  #search;
  #notices;
  #live = h('div', { class: 'visually-hidden', 'aria-live': 'polite', role: 'log', 'aria-label': 'New messages' });
  /** @type {Message[]} */
  #unspoken = [];
  /** What is at the right. @type {'' | 'people' | 'search'} */
  #side = window.matchMedia('(min-width: 60rem)').matches ? 'people' : '';
  #isMenuOpen = false;
  #drawDialog = () => {};

  /**
   * @param {Client} client
   * @param {() => number} now
   * @param {{logOut: () => void, fingerprint: string}} shell
   */
  constructor(client, now, { logOut, fingerprint }) {
    this.#client = client;
    this.#now = now;
    this.#logOut = logOut;
    this.#fingerprint = fingerprint;
    const person = (/** @type {string} */ nick) => this.#person(nick);
    const tools = new Tools(this.#toolActions());
    this.#timeline = new TimelineView(client, this.#messageActions(person), tools);
    this.#composer = new Composer(client, now, {
      emoji: (choose) => chooseEmoji('Emoji', choose),
      up: () => this.#timeline.focusLast(),
    });
    this.#sidebar = new Sidebar(client, this.#sidebarActions());
    this.#people = new People(client, person, iconButton('close', 'Close', () => this.#showSide('')));
    this.#search = new SearchPanel(client, (target, msgid) => this.#jump(target, msgid), iconButton('close', 'Close', () => this.#showSide('')));
    this.#conversation = new ConversationView(client, this.#headActions(), this.#timeline, this.#composer, () => this.#rooms());
    this.#notices = new Notices(client);
    const veil = h('div', { class: 'veil', onclick: () => this.#closeSides() });
    this.element = h(
      'div',
      { class: 'app' },
      h('a', { class: 'skip', href: '#writing', onclick: (/** @type {Event} */ event) => this.#skip(event) }, 'Skip to writing'),
      this.#sidebar.element,
      this.#conversation.element,
      this.#people.element,
      this.#search.element,
      veil,
      this.#notices.element,
      this.#live,
    );
  }

  draw() {
    const { state } = this.#client;
    const where = currentConversation(state);
    const side = where?.kind === 'person' && this.#side === 'people' ? '' : where ? this.#side : '';
    this.element.dataset['side'] = side;
    this.element.dataset['menu'] = this.#isMenuOpen ? 'open' : '';
    this.#sidebar.draw();
    this.#conversation.draw(where, side);
    setAttribute(this.#people.element, 'hidden', side !== 'people');
    setAttribute(this.#search.element, 'hidden', side !== 'search');
    if (where && side === 'people') {
      this.#people.draw(where);
    }
    if (side === 'search') {
      this.#search.draw();
    }
    this.#notices.draw();
    this.#drawDialog();
    this.#drawTitle(where);
    this.#speak();
  }

  /** A message came to the conversation on the screen. @param {Message} message */
  announce(message) {
    this.#unspoken.push(message);
  }

  /** @param {Conversation} where */
  show(where) {
    this.#isMenuOpen = false;
    this.#client.show(where);
    if (window.matchMedia('(hover: hover)').matches) {
      this.#composer.focus();
    }
  }

  /** A key that nothing else took. @param {KeyboardEvent} event */
  handleKey(event) {
    if (document.querySelector('dialog[open]')) {
      return;
    }
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      this.#step(event.key === 'ArrowUp' ? -1 : 1);
    } else if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
      event.preventDefault();
      this.#rooms();
    } else if (event.key === 'Escape') {
      this.#closeSides();
      this.#composer.focus();
    }
  }

  /** @param {Conversation | null} where */
  #drawTitle(where) {
    const { mentions, unread } = totals(this.#client.state);
    const badge = mentions > 0 ? `(${mentions}) ` : unread > 0 ? '• ' : '';
    const title = `${badge}${where ? `${where.name} – ` : ''}${this.#client.state.network || 'Heliograph'}`;
    if (document.title !== title) {
      document.title = title;
    }
  }

  #speak() {
    const messages = this.#unspoken.splice(0);
    if (messages.length > SPOKEN) {
      setText(this.#live, `${messages.length} new messages`);
    } else if (messages.length > 0) {
      setText(this.#live, messages.map((message) => `${message.nick}: ${spoken(message)}`).join('\n'));
    }
  }

  /** @param {'' | 'people' | 'search'} side */
  #showSide(side) {
    this.#side = side;
    this.draw();
  }

  #closeSides() {
    this.#isMenuOpen = false;
    if (!window.matchMedia('(min-width: 60rem)').matches) {
      this.#side = '';
    }
    this.draw();
  }

  #rooms() {
    this.#isMenuOpen = false;
    this.#drawDialog = openRooms(this.#client);
  }

  /** @param {string} target @param {string} msgid */
  #jump(target, msgid) {
    if (!window.matchMedia('(min-width: 60rem)').matches) {
      this.#side = '';
    }
    this.#client.jump(target, msgid);
  }

  /** @returns {import('./sidebar.js').SidebarActions} */
  #sidebarActions() {
    return {
      show: (where) => this.show(where),
      join: () => this.#rooms(),
      talk: () => askText({ title: 'Talk to somebody', label: 'Their name', action: 'Talk' }, (nick) => this.#talk(nick)),
      self: () => this.#self(),
      connection: () => this.#connection(),
      close: () => this.#closeSides(),
    };
  }

  /** @returns {import('./conversation.js').HeadActions} */
  #headActions() {
    return {
      menu: () => {
        this.#isMenuOpen = !this.#isMenuOpen;
        this.draw();
      },
      people: () => this.#showSide(this.#side === 'people' ? '' : 'people'),
      search: () => {
        this.#showSide(this.#side === 'search' ? '' : 'search');
        this.#search.focus();
      },
      topic: (where) =>
        askText({ title: 'Topic', label: `Topic of ${where.name}`, value: where.topic, action: 'Set the topic', isEmptyFine: true }, (topic) =>
          this.#client.setTopic(where, topic),
        ),
      leave: (where) => this.#leave(where),
    };
  }

  /** @param {(nick: string) => void} person @returns {import('./message.js').MessageActions} */
  #messageActions(person) {
    const current = (/** @type {(where: Conversation) => void} */ action) => {
      const where = currentConversation(this.#client.state);
      if (where) {
        action(where);
      }
    };
    return {
      person,
      react: (message, text) => current((where) => this.#client.react(where, message, text)),
      jump: (msgid) => current((where) => this.#client.jump(where.name, msgid)),
      retry: (id) => this.#client.retry(id),
      discard: (id) => this.#client.discard(id),
    };
  }

  /** @returns {import('./tools.js').ToolActions} */
  #toolActions() {
    return {
      reply: (_, message) => this.#composer.reply(message),
      react: (where, message) => chooseEmoji('React', (text) => this.#client.react(where, message, text)),
      remove: (where, message) =>
        confirmThat('Delete this message?', 'It is erased on the server, for everybody, and cannot be had back.', 'Delete', () =>
          this.#client.redact(where, message),
        ),
      mayRemove: (where, message) => {
        const own = where.members.get(this.#client.state.nick.toLowerCase()) ?? '';
        return this.#client.session.capabilities.has('draft/message-redaction') && (message.isOwn || /[~&@%]/.test(own));
      },
    };
  }

  /** @param {Conversation} where */
  #leave(where) {
    if (where.kind === 'person') {
      this.#client.leave(where);
    } else {
      confirmThat(`Leave ${where.name}?`, 'You can come back at any time, if the room lets you in.', 'Leave', () => this.#client.leave(where));
    }
  }

  /** @param {string} nick */
  #talk(nick) {
    this.#isMenuOpen = false;
    this.#client.talkTo(nick);
    this.#composer.focus();
  }

  /** @param {string} nick */
  #person(nick) {
    const known = this.#client.state.people.get(nick.toLowerCase());
    const words = [known?.account ? `logged in as ${known.account}` : 'no account', known?.isAway && 'away'];
    if (isMe(this.#client.state, nick)) {
      this.#self();
      return;
    }
    chooseAction(nick, words.filter(Boolean).join(' · '), [
      { label: 'Talk in private', icon: 'reply', run: () => this.#talk(nick) },
      { label: 'Who is this?', icon: 'people', run: () => this.#client.enter(null, `/whois ${nick}`, '', this.#now()) },
    ]);
  }

  #self() {
    const { state } = this.#client;
    const away = { label: state.isAway ? 'Be back' : 'Be away', icon: /** @type {const} */ ('down'), run: () => this.#client.setAway(state.isAway ? '' : 'away') };
    const name = () => askText({ title: 'Your name', label: 'Name', value: state.nick, action: 'Change' }, (nick) => this.#client.setNick(nick));
    const things = [away, { label: 'Change the name', icon: /** @type {const} */ ('edit'), run: name }];
    chooseAction(state.nick, state.account === '' ? 'guest' : `logged in as ${state.account}`, [
      ...things,
      ...(Notices.mayAsk() ? [{ label: 'Notify me of mentions', icon: /** @type {const} */ ('bell'), run: () => Notices.ask() }] : []),
      { label: state.account === '' ? 'Leave' : 'Log out', icon: 'leave', run: this.#logOut },
    ]);
  }

  #connection() {
    const { session, state } = this.#client;
    this.#client.askTransport();
    this.#drawDialog = openTable('Connection', () => {
      /** @type {[string, string][]} */
      const rows = [
        ['State', CONNECTION_WORDS[session.status]],
        ['Round trip', session.roundTripMs === null ? 'not measured yet' : `${Math.round(session.roundTripMs)} ms`],
        ['As the server measures it', state.transport || 'not told'],
        ['Server', `${state.server || 'unknown'} at ${location.host}`],
        ['Encryption', location.protocol === 'https:' ? 'TLS' : 'none; only for this machine or a network that you trust'],
        ['Waiting to be sent', String(this.#client.outbox.entries.length)],
      ];
      if (session.status === 'waiting' || session.status === 'offline') {
        rows.splice(1, 0, ['Because', session.reason || 'it was ended']);
      }
      if (this.#fingerprint !== '') {
        rows.push(['Certificate in the invitation', this.#fingerprint]);
      }
      return rows;
    });
  }

  /** @param {Event} event */
  #skip(event) {
    event.preventDefault();
    this.#composer.focus();
  }

  /** @param {number} by */
  #step(by) {
    const list = conversationsInOrder(this.#client.state);
    const at = list.indexOf(/** @type {Conversation} */ (currentConversation(this.#client.state)));
    const next = list[(at + by + list.length) % list.length];
    if (next) {
      this.show(next);
    }
  }
}
