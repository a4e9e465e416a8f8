/**
 * Who is in the room. Of thousands only those in view are in the page.
 */

import { membersInOrder } from '../state/model.js';
import { statusName } from '../irc/names.js';
import { avatar } from './words.js';
import { fill, h, setText } from './dom.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */

/** Pixels of a row; the stylesheet says the same. */
const ROW_PX = 36;
/** Rows drawn beyond what is in view. */
const SPARE_ROWS = 8;

export class People {
  element;
  #client;
  #person;
  #count = h('h2', {});
  #list = h('ul', { class: 'member-rows' });
  #space = h('div', { class: 'member-space' }, this.#list);
  #scroller = h('div', { class: 'member-list', onscroll: () => this.#place() }, this.#space);
  /** @type {ReturnType<typeof membersInOrder>} */
  #members = [];
  /** @type {Conversation | null} */
  #where = null;
  #drawn = '';

  /** @param {Client} client @param {(nick: string) => void} person @param {HTMLElement} close */
  constructor(client, person, close) {
    this.#client = client;
    this.#person = person;
    this.element = h(
      'aside',
      { class: 'side people', id: 'people', 'aria-label': 'People in the room' },
      h('div', { class: 'side-head' }, this.#count, close),
      this.#scroller,
    );
    new ResizeObserver(() => this.#place()).observe(this.#scroller);
  }

  /** @param {Conversation} where */
  draw(where) {
    const drawn = `${where.membersRevision} ${this.#client.state.revision}`;
    if (this.#where === where && this.#drawn === drawn) {
      return;
    }
    if (this.#where !== where) {
      this.#scroller.scrollTop = 0;
    }
    this.#where = where;
    this.#drawn = drawn;
    this.#members = membersInOrder(this.#client.state, where);
    const count = this.#members.length;
    setText(this.#count, count === 1 ? '1 person' : `${count} people`);
    this.#space.style.height = `${count * ROW_PX}px`;
    this.#place();
  }

  #place() {
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = first + Math.ceil(this.#scroller.clientHeight / ROW_PX) + 2 * SPARE_ROWS;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement?.getAttribute('data-nick') : null;
    this.#list.style.transform = `translateY(${first * ROW_PX}px)`;
    const rows = this.#members.slice(first, last).map((member, index) => this.#row(member, first + index));
    fill(this.#list, ...rows);
    if (focused) {
      [...this.#list.querySelectorAll('button')].find((one) => one.dataset['nick'] === focused)?.focus({ preventScroll: true });
    }
  }

  /** @param {{nick: string, sign: string, isAway: boolean}} member @param {number} index */
  #row({ nick, sign, isAway }, index) {
    const status = [statusName(sign), isAway && 'away'].filter(Boolean).join(', ');
    return h(
      'li',
      { 'aria-setsize': this.#members.length, 'aria-posinset': index + 1 },
      h(
        'button',
        { type: 'button', class: isAway ? 'member away' : 'member', 'data-nick': nick, onclick: () => this.#person(nick) },
        avatar(nick),
        h('span', { class: 'name' }, nick),
        status !== '' && h('span', { class: 'status' }, status),
      ),
    );
  }
}
