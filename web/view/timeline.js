/**
 * The messages of a conversation: of however many there are, only those around the place that is looked at are in the
 * page. The window moves while one scrolls, and what is looked at stays where it is.
 */

import { WINDOW_MESSAGES, WINDOW_STEP } from '../limits.js';
import { rowsOf } from '../state/rows.js';
import { drawOutgoing, drawRow } from './message.js';
import { h, iconButton, setAttribute, setText } from './dom.js';
import { badgeText } from './words.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Message} Message */

/** Pixels from an end at which more is fetched. */
const NEAR_PX = 700;
/** Pixels from the end at which one still follows what comes. */
const FOLLOW_PX = 60;

export class TimelineView {
  element;
  #client;
  #actions;
  #tools;
  #rows = h('div', { class: 'rows', role: 'list', 'aria-label': 'Messages' });
  #status = h('div', { class: 'timeline-status' });
  #scroller;
  #down;
  /** @type {Conversation | null} */
  #where = null;
  /** Whether the end is looked at, and stays in view. */
  #isFollowing = true;
  /** Index of the first message in the page, and the message itself, by which it is found again. */
  #start = 0;
  /** @type {Message | null} */
  #first = null;
  /** How many messages there were when they were drawn. */
  #count = 0;
  /** Nodes by id, with what they were drawn from. @type {Map<string, {node: HTMLElement, signature: string}>} */
  #drawn = new Map();
  #drawnRevision = '';

  /**
   * @param {Client} client
   * @param {import('./message.js').MessageActions} actions
   * @param {import('./tools.js').Tools} tools what can be done with the message under the pointer
   */
  constructor(client, actions, tools) {
    this.#client = client;
    this.#actions = actions;
    this.#tools = tools;
    this.#down = iconButton('down', 'Go to the newest message', () => this.#goToEnd(), { class: 'icon-button to-end', hidden: true });
    this.#scroller = h(
      'div',
      { class: 'scroller', tabindex: 0, onscroll: () => this.#scrolled(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      this.#status,
      this.#rows,
    );
    this.#rows.addEventListener('pointerover', (event) => this.#point(event.target));
    this.#rows.addEventListener('focusin', (event) => this.#point(event.target));
    this.element = h('div', { class: 'timeline' }, this.#scroller, this.#down);
    new ResizeObserver(() => this.#isFollowing && this.#stickToEnd()).observe(this.#scroller);
  }

  /** @param {Conversation} where */
  draw(where) {
    if (this.#where !== where) {
      this.#where = where;
      this.#isFollowing = true;
      this.#drawn.clear();
      this.#rows.replaceChildren();
      this.#drawnRevision = '';
    }
    const { messages, byId } = where.timeline;
    const target = where.jumpTo === '' ? null : (byId.get(where.jumpTo) ?? null);
    if (target && messages.includes(target)) {
      this.#isFollowing = false;
      this.#setStart(Math.max(0, messages.indexOf(target) - WINDOW_MESSAGES / 2));
      where.jumpTo = '';
    }
    if (!target) {
      this.#moveWindow(messages);
    }
    const outgoing = this.#client.outbox.of(where.name);
    const states = outgoing.map(({ id, state }) => id + state).join();
    const revision = `${where.timeline.revision} ${this.#start} ${this.#isFollowing} ${where.dividerAt} ${states} ${this.#client.session.status}`;
    if (revision !== this.#drawnRevision) {
      this.#drawnRevision = revision;
      this.#redraw(where, messages);
      if (!target && this.#moveWindow(messages)) {
        this.#redraw(where, messages);
      }
    }
    if (target) {
      this.#showMessage(target.id);
    }
    this.#drawStatus(where);
    this.#fetchAround(where);
    if (this.#isFollowing) {
      this.#client.atEnd(where);
    }
  }

  /** Puts the focus on the last message in view. */
  focusLast() {
    this.#articles().at(-1)?.focus();
  }

  /** @param {Conversation} where @param {Message[]} messages */
  #redraw(where, messages) {
    if (this.#isFollowing) {
      this.#setStart(Math.max(0, messages.length - WINDOW_MESSAGES));
    } else if (this.#first !== messages[this.#start]) {
      const found = this.#first ? messages.lastIndexOf(this.#first) : -1;
      this.#setStart(found >= 0 ? found : Math.max(0, Math.min(this.#start, messages.length - WINDOW_MESSAGES)));
    }
    this.#count = messages.length;
    const end = Math.min(messages.length, this.#start + WINDOW_MESSAGES);
    const anchor = this.#isFollowing ? null : this.#anchor();
    this.#place(this.#wanted(where, messages, end));
    if (anchor?.node.isConnected) {
      this.#scroller.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    } else if (this.#isFollowing) {
      this.#stickToEnd();
    }
  }

  /** What is to be in the page. @param {Conversation} where @param {Message[]} messages @param {number} end */
  #wanted(where, messages, end) {
    const self = this.#client.state.nick;
    const find = (/** @type {string} */ id) => where.timeline.byId.get(id) ?? null;
    /** @type {{id: string, signature: string, make: () => HTMLElement}[]} */
    const wanted = rowsOf(messages, this.#start, end, where.dividerAt).map((row) => {
      const quoted = row.message.replyTo === '' ? null : find(row.message.replyTo);
      const signature = `${row.message.revision} ${row.day} ${row.isFirstNew} ${row.isGrouped} ${quoted?.revision}`;
      return { id: row.message.id, signature, make: () => drawRow(row, find, self, this.#actions) };
    });
    if (end === messages.length) {
      const isOnline = this.#client.session.status === 'online';
      for (const entry of this.#client.outbox.of(where.name)) {
        const make = () => drawOutgoing(entry, self, isOnline, this.#actions);
        wanted.push({ id: entry.id, signature: `${entry.state} ${isOnline}`, make });
      }
    }
    return wanted;
  }

  /** Makes the page have these rows, keeping those that are right. @param {{id: string, signature: string, make: () => HTMLElement}[]} wanted */
  #place(wanted) {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { node }] of this.#drawn) {
      if (!ids.has(id)) {
        node.remove();
        this.#drawn.delete(id);
      }
    }
    let next = this.#rows.firstElementChild;
    for (const { id, signature, make } of wanted) {
      const known = this.#drawn.get(id);
      if (known?.signature === signature) {
        if (known.node === next) {
          next = next.nextElementSibling;
        } else {
          this.#rows.insertBefore(known.node, next);
        }
        continue;
      }
      const node = make();
      if (known) {
        const hadFocus = known.node.contains(document.activeElement);
        next = known.node === next ? next.nextElementSibling : next;
        known.node.replaceWith(node);
        hadFocus && node.querySelector('article')?.focus({ preventScroll: true });
      }
      this.#rows.insertBefore(node, next);
      this.#drawn.set(id, { node, signature });
    }
  }

  /** The first row that can be seen, and where it is. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const node of this.#rows.children) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top) {
        return { node, top: box.top };
      }
    }
    return null;
  }

  #scrolled() {
    const where = this.#where;
    if (!where) {
      return;
    }
    // What came since the last drawing is no reason to stop following.
    const hasMoreBelow = this.#start + WINDOW_MESSAGES < this.#count;
    this.#isFollowing = where.timeline.isJoined && !hasMoreBelow && this.#below() < FOLLOW_PX;
    this.draw(where);
  }

  /** Moves the window when one of its ends is near. @param {Message[]} messages @returns {boolean} whether it was moved */
  #moveWindow(messages) {
    const last = messages.length - WINDOW_MESSAGES;
    if (!this.#isFollowing && this.#scroller.scrollTop < NEAR_PX && this.#start > 0) {
      this.#setStart(Math.max(0, this.#start - WINDOW_STEP));
      return true;
    }
    if (!this.#isFollowing && this.#below() < NEAR_PX && this.#start < last) {
      this.#setStart(Math.min(this.#start + WINDOW_STEP, last));
      return true;
    }
    return false;
  }

  /** Fetches history when an end is near. @param {Conversation} where */
  #fetchAround(where) {
    if (this.#client.session.status !== 'online') {
      return;
    }
    const { messages, isJoined } = where.timeline;
    if (this.#start === 0 && messages.length > 0 && this.#scroller.scrollTop < NEAR_PX) {
      this.#client.older(where);
    }
    if (!isJoined && !where.isCatchingUp && this.#start + WINDOW_MESSAGES >= messages.length && this.#below() < NEAR_PX) {
      this.#client.newer(where);
    }
  }

  /** @param {Conversation} where */
  #drawStatus(where) {
    const { isAtBeginning, messages, isJoined } = where.timeline;
    const isEmpty = messages.length === 0 && isJoined;
    const beginning = where.kind === 'room' ? `This is the beginning of ${where.name}.` : `This is where you and ${where.name} begin.`;
    setText(this.#status, isEmpty || (isAtBeginning && this.#start === 0) ? beginning : this.#start === 0 && messages.length === 0 ? 'Loading…' : '');
    setAttribute(this.#down, 'hidden', this.#isFollowing);
    const label = where.unread > 0 ? `Go to the newest message, ${badgeText(where.unread)} new` : 'Go to the newest message';
    setAttribute(this.#down, 'aria-label', label);
    setAttribute(this.#down, 'data-count', where.unread > 0 ? badgeText(where.unread) : null);
  }

  #goToEnd() {
    if (this.#where) {
      this.#isFollowing = true;
      this.#client.newest(this.#where);
      this.draw(this.#where);
      this.#stickToEnd();
    }
  }

  #stickToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #below() {
    return this.#scroller.scrollHeight - this.#scroller.clientHeight - this.#scroller.scrollTop;
  }

  /** @param {number} start */
  #setStart(start) {
    this.#start = start;
    this.#first = this.#where?.timeline.messages[start] ?? null;
  }

  /** @param {string} id */
  #showMessage(id) {
    const article = this.#drawn.get(id)?.node.querySelector('article');
    if (article) {
      article.scrollIntoView({ block: 'center' });
      article.focus({ preventScroll: true });
      article.classList.add('found');
    }
  }

  /** @param {EventTarget | null} target */
  #point(target) {
    const row = target instanceof Element ? target.closest('.row') : null;
    const message = this.#where?.timeline.byId.get(row?.getAttribute('data-id') ?? '');
    const article = row?.querySelector('article');
    if (this.#where && article && message && !message.isRedacted) {
      this.#tools.attach(article, this.#where, message);
    }
  }

  /** Up and down go from message to message. @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const articles = this.#articles();
    const at = articles.findIndex((article) => article.contains(document.activeElement));
    const next = at < 0 ? articles.at(-1) : articles[at + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  /** @returns {HTMLElement[]} */
  #articles() {
    return [...this.#rows.querySelectorAll('article')];
  }
}
