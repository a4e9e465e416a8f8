/**
 * The first screen: who one is.
 */

import { nickProblem } from '../irc/names.js';
import { h, setAttribute, setText } from './dom.js';

/** @typedef {import('../irc/registration.js').Credentials} Credentials */

/** @typedef {'guest' | 'login' | 'register' | 'invited'} Way */

/** What each way says. @type {Record<Way, {label: string, hint: string, action: string}>} */
const WAYS = {
  guest: { label: 'As a guest', hint: 'A name is enough. It is yours while you are here.', action: 'Come in' },
  login: { label: 'Log in', hint: 'With an account your private conversations and what you read are the same on all devices.', action: 'Log in' },
  register: { label: 'New account', hint: 'The name becomes yours alone. The password has at least 8 characters.', action: 'Make the account' },
  invited: { label: 'By invitation', hint: 'Choose a name and come in. This browser makes a password for you and keeps it.', action: 'Come in' },
};

/**
 * What was chosen.
 * @typedef {{credentials: Credentials, isKept: boolean}} Choice
 */

export class Welcome {
  element;
  #code;
  #done;
  /** @type {Way} */
  #way;
  #title = h('h1', {}, 'Heliograph');
  #lead = h('p', { class: 'lead' });
  #name = h('input', { type: 'text', id: 'name', name: 'username', autocomplete: 'username', autocapitalize: 'none', required: true, maxlength: 32 });
  #password = h('input', { type: 'password', id: 'password', name: 'password', required: true });
  #passwordLine;
  #keep = h('input', { type: 'checkbox', id: 'keep' });
  #keepLine;
  #hint = h('p', { class: 'hint' });
  #problem = h('p', { class: 'error', role: 'alert' });
  #button = h('button', { class: 'primary', type: 'submit' });
  #ways;

  /**
   * @param {string} code of the invitation, or `''`
   * @param {string} name that was used last
   * @param {(choice: Choice) => void} done
   */
  constructor(code, name, done) {
    this.#code = code;
    this.#done = done;
    this.#way = code === '' ? 'guest' : 'invited';
    this.#name.value = name;
    const ways = /** @type {Way[]} */ (code === '' ? ['guest', 'login', 'register'] : ['invited', 'login']);
    this.#ways = h('fieldset', { class: 'ways' }, h('legend', { class: 'visually-hidden' }, 'How to come in'), ...ways.map((way) => this.#choice(way)));
    this.#passwordLine = h('div', { class: 'field' }, h('label', { for: 'password' }, 'Password'), this.#password);
    this.#keepLine = h('label', { class: 'check' }, this.#keep, 'Stay logged in on this device');
    const form = h(
      'form',
      { class: 'stack', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#ways,
      h('div', { class: 'field' }, h('label', { for: 'name' }, 'Name'), this.#name),
      this.#passwordLine,
      this.#keepLine,
      this.#hint,
      this.#problem,
      this.#button,
    );
    this.element = h('main', { class: 'welcome' }, h('div', { class: 'welcome-card' }, h('div', { class: 'mark', 'aria-hidden': 'true' }), this.#title, this.#lead, form));
    this.#choose(this.#way);
  }

  focus() {
    this.#name.focus();
  }

  /** @param {boolean} isBusy */
  busy(isBusy) {
    setAttribute(this.#button, 'disabled', isBusy);
    setText(this.#button, isBusy ? 'Connecting…' : WAYS[this.#way].action);
  }

  /** Says what goes on meanwhile. @param {string} text */
  explain(text) {
    setText(this.#problem, text);
  }

  /** Says why it did not go. @param {string} reason @param {string} field */
  refuse(reason, field) {
    this.busy(false);
    setText(this.#problem, reason);
    const input = field === 'password' && this.#hasPassword() ? this.#password : this.#name;
    input.focus();
  }

  /** @param {Way} way */
  #choice(way) {
    const input = h('input', { type: 'radio', name: 'way', value: way, checked: way === this.#way, onchange: () => this.#choose(way) });
    return h('label', { class: 'way' }, input, h('span', {}, WAYS[way].label));
  }

  /** @param {Way} way */
  #choose(way) {
    this.#way = way;
    setText(this.#lead, this.#code === '' ? 'Welcome. How do you want to come in?' : 'You are invited.');
    setText(this.#hint, WAYS[way].hint);
    setText(this.#problem, '');
    setAttribute(this.#passwordLine, 'hidden', !this.#hasPassword());
    setAttribute(this.#keepLine, 'hidden', !this.#hasPassword());
    setAttribute(this.#password, 'autocomplete', way === 'login' ? 'current-password' : 'new-password');
    this.busy(false);
  }

  #hasPassword() {
    return this.#way === 'login' || this.#way === 'register';
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const nick = this.#name.value.trim();
    const password = this.#password.value;
    const problem = nickProblem(nick) || (this.#hasPassword() && password === '' ? 'Type the password.' : '');
    const isShort = this.#way === 'register' && [...password].length < 8;
    if (problem !== '' || isShort) {
      this.refuse(problem || 'The password has at least 8 characters.', nickProblem(nick) === '' ? 'password' : 'nick');
      return;
    }
    setText(this.#problem, '');
    this.busy(true);
    this.#done({ credentials: this.#credentials(nick, password), isKept: this.#way === 'invited' || this.#keep.checked });
  }

  /** @param {string} nick @param {string} password @returns {Credentials} */
  #credentials(nick, password) {
    switch (this.#way) {
      case 'login':
        return { nick, account: { name: nick, password } };
      case 'register':
        return { nick, registration: { code: '*', password } };
      case 'invited':
        return { nick, registration: { code: this.#code, password: randomPassword() } };
      default:
        return { nick };
    }
  }
}

/** A password that nobody has to remember: 160 bits. */
function randomPassword() {
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

