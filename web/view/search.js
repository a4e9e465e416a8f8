/**
 * What a search found. A result leads to its place in the conversation.
 */

import { plainText } from '../state/text.js';
import { nickClass, shortTime } from './words.js';
import { fill, h, setAttribute } from './dom.js';

/** @typedef {import('../client/client.js').Client} Client */

export class SearchPanel {
  element;
  #client;
  #jump;
  #input = h('input', { type: 'search', name: 'words', 'aria-label': 'Words to search for', placeholder: 'Search', autocomplete: 'off' });
  #everywhere = h('input', { type: 'checkbox', id: 'everywhere' });
  #results = h('div', { class: 'results', role: 'status' });
  /** @type {unknown} */
  #drawn = null;

  /**
   * @param {Client} client
   * @param {(target: string, msgid: string) => void} jump
   * @param {HTMLElement} close
   */
  constructor(client, jump, close) {
    this.#client = client;
    this.#jump = jump;
    this.element = h(
      'aside',
      { class: 'side search', 'aria-label': 'Search' },
      h('div', { class: 'side-head' }, h('h2', {}, 'Search'), close),
      h(
        'form',
        { class: 'search-form', role: 'search', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
        this.#input,
        h('label', { class: 'check' }, this.#everywhere, 'in all conversations'),
      ),
      this.#results,
    );
  }

  focus() {
    this.#input.focus();
  }

  draw() {
    const { search } = this.#client.state;
    const drawn = search ? `${search.label} ${search.state}` : '';
    if (drawn === this.#drawn) {
      return;
    }
    this.#drawn = drawn;
    if (!search) {
      fill(this.#results, h('p', { class: 'hint' }, 'All words must be there; “words in quotes” follow each other; te* finds what begins so.'));
      return;
    }
    this.#input.value = search.text;
    setAttribute(this.#results, 'aria-busy', search.state === 'asked' ? 'true' : null);
    if (search.state === 'asked') {
      fill(this.#results, h('p', { class: 'hint' }, 'Searching…'));
    } else if (search.state === 'failed') {
      fill(this.#results, h('p', { class: 'hint error' }, search.error));
    } else {
      this.#drawResults(search);
    }
  }

  /** @param {import('../state/model.js').Search} search */
  #drawResults({ results }) {
    const count = results.length === 0 ? 'Nothing was found.' : results.length === 1 ? '1 message' : `${results.length} messages`;
    const rows = results.map(({ target, message }) =>
      h(
        'button',
        { type: 'button', class: 'result', onclick: () => this.#jump(target, message.id) },
        h(
          'span',
          { class: 'result-head' },
          h('b', { class: nickClass(message.nick) }, message.nick),
          h('span', {}, `${target} · ${shortTime(message.time)}`),
        ),
        h('span', { class: 'result-text' }, plainText(message.text)),
      ),
    );
    fill(this.#results, h('p', { class: 'hint' }, count), ...rows);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim().replace(/[“”]/g, '"');
    const where = this.#client.state.conversations.get(this.#client.state.current);
    if (text !== '' && this.#client.session.status === 'online') {
      this.#client.search(text, this.#everywhere.checked ? '' : (where?.name ?? ''));
    }
  }
}
