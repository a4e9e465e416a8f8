/**
 * Where one writes. Enter sends, Shift+Enter begins a new line; what was begun stays with its conversation.
 */

import { fold } from '../irc/names.js';
import { plainText } from '../state/text.js';
import { COMMANDS } from '../client/commands.js';
import { drawIcon, h, iconButton, setAttribute, setText } from './dom.js';
import { typingText } from './words.js';

/** @typedef {import('../client/client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Message} Message */

export class Composer {
  element;
  #client;
  #now;
  #input;
  #reply = h('div', { class: 'replying', hidden: true });
  #replyText = h('span');
  #typing = h('div', { class: 'typing', 'aria-live': 'off' });
  #closed = h('div', { class: 'not-here', hidden: true });
  #closedText = h('span');
  #form;
  /** @type {Conversation | null} */
  #where = null;
  /** What was begun, by conversation. @type {Map<Conversation, {text: string, replyTo: Message | null}>} */
  #drafts = new Map();
  /** @type {Message | null} */
  #replyTo = null;
  #isComposing = false;
  /** The completion that Tab goes on with. @type {{head: string, tail: string, words: string[], at: number} | null} */
  #completion = null;

  /**
   * @param {Client} client
   * @param {() => number} now
   * @param {{emoji: (choose: (text: string) => void) => void, up: () => void}} actions
   */
  constructor(client, now, actions) {
    this.#client = client;
    this.#now = now;
    this.#input = h('textarea', {
      id: 'writing',
      rows: 1,
      autocomplete: 'off',
      spellcheck: 'true',
      enterkeyhint: 'send',
      oninput: () => this.#changed(),
      oncompositionstart: () => (this.#isComposing = true),
      oncompositionend: () => (this.#isComposing = false),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, actions.up),
    });
    this.#reply.append(this.#replyText, iconButton('close', 'Do not reply', () => this.reply(null)));
    this.#form = h(
      'form',
      { class: 'composer', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#input,
      iconButton('smile', 'Emoji', () => actions.emoji((text) => this.#insert(text))),
      h('button', { class: 'icon-button send', 'aria-label': 'Send', title: 'Send', type: 'submit' }, drawIcon('send')),
    );
    const again = h('button', { type: 'button', class: 'primary', onclick: () => this.#where && client.join(this.#where.name) }, 'Join');
    this.#closed.append(this.#closedText, again);
    this.element = h('footer', { class: 'writing' }, this.#reply, this.#form, this.#closed, this.#typing);
  }

  /** @param {Conversation} where */
  draw(where) {
    if (this.#where !== where) {
      this.#keepDraft();
      this.#where = where;
      const draft = this.#drafts.get(where);
      this.#input.value = draft?.text ?? '';
      this.reply(draft?.replyTo ?? null, false);
      this.#resize();
    }
    const label = where.kind === 'room' ? `Message to ${where.name}` : `Message to ${where.name}, private`;
    setAttribute(this.#input, 'aria-label', label);
    setAttribute(this.#input, 'placeholder', `Message ${where.name}`);
    const isHere = where.isOpen || where.isJoining || this.#client.session.status !== 'online';
    setAttribute(this.#form, 'hidden', !isHere);
    setAttribute(this.#closed, 'hidden', isHere);
    setText(this.#closedText, `You are not in ${where.name}.`);
    setText(this.#typing, typingText([...where.typing.values()].map(({ nick }) => nick)));
  }

  /** Begins an answer, or ends it. @param {Message | null} message @param {boolean} [takesFocus] */
  reply(message, takesFocus = true) {
    this.#replyTo = message;
    setAttribute(this.#reply, 'hidden', message === null);
    setText(this.#replyText, message ? `Replying to ${message.nick}: ${plainText(message.text).slice(0, 120)}` : '');
    if (takesFocus) {
      this.focus();
    }
  }

  focus() {
    this.#input.focus();
  }

  #keepDraft() {
    if (this.#where) {
      const draft = { text: this.#input.value, replyTo: this.#replyTo };
      this.#drafts.set(this.#where, draft);
      if (draft.text === '' && !draft.replyTo) {
        this.#drafts.delete(this.#where);
      }
    }
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value;
    if (this.#client.enter(this.#where, text, this.#replyTo?.id ?? '', this.#now())) {
      // A command may have gone elsewhere; what was written belongs to where it was written.
      this.#input.value = '';
      this.reply(null);
      this.#keepDraft();
      this.#resize();
    }
  }

  /** @param {KeyboardEvent} event @param {() => void} up */
  #key(event, up) {
    const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (event.key !== 'Tab' && event.key !== 'Shift') {
      this.#completion = null;
    }
    if (event.key === 'Enter' && isPlain && !this.#isComposing && !event.isComposing) {
      this.#submit(event);
    } else if (event.key === 'Tab' && isPlain && this.#complete()) {
      event.preventDefault();
    } else if (event.key === 'ArrowUp' && isPlain && this.#input.value === '') {
      event.preventDefault();
      up();
    } else if (event.key === 'Escape' && this.#replyTo) {
      event.stopPropagation();
      this.reply(null);
    }
  }

  #changed() {
    this.#resize();
    if (this.#where) {
      const text = this.#input.value;
      this.#client.typing(this.#where, text !== '' && !/^\/[^/]/.test(text), this.#now());
    }
  }

  #resize() {
    this.#input.style.height = 'auto';
    this.#input.style.height = `${Math.min(this.#input.scrollHeight, 240)}px`;
  }

  /** @param {string} text */
  #insert(text) {
    this.#input.setRangeText(text, this.#input.selectionStart, this.#input.selectionEnd, 'end');
    this.focus();
    this.#changed();
  }

  /** Completes the word before the caret to a name or a command. @returns {boolean} whether there was anything */
  #complete() {
    if (!this.#completion) {
      const caret = this.#input.selectionStart;
      const before = this.#input.value.slice(0, caret);
      const word = /\S+$/.exec(before)?.[0] ?? '';
      const head = before.slice(0, before.length - word.length);
      this.#completion = { head, tail: this.#input.value.slice(caret), words: this.#candidates(word, head === ''), at: -1 };
    }
    const completion = this.#completion;
    if (completion.words.length === 0) {
      this.#completion = null;
      return false;
    }
    completion.at = (completion.at + 1) % completion.words.length;
    const text = completion.head + (completion.words[completion.at] ?? '');
    this.#input.value = text + completion.tail;
    this.#input.setSelectionRange(text.length, text.length);
    return true;
  }

  /** @param {string} word @param {boolean} isFirst @returns {string[]} */
  #candidates(word, isFirst) {
    if (word === '' || word === '@') {
      return [];
    }
    if (isFirst && word.startsWith('/')) {
      return COMMANDS.filter(({ name }) => `/${name}`.startsWith(word)).map(({ name }) => `/${name} `);
    }
    const begin = fold(word.replace(/^@/, ''));
    const { people, conversations } = this.#client.state;
    if (word.startsWith('#')) {
      return [...conversations.values()].filter(({ name }) => fold(name).startsWith(begin)).map(({ name }) => `${name} `);
    }
    const members = [...(this.#where?.members.keys() ?? [])].filter((key) => key.startsWith(begin)).sort();
    return members.map((key) => `${people.get(key)?.nick ?? key}${isFirst ? ': ' : ' '}`);
  }
}
