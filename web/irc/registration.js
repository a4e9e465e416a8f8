/**
 * The way from an open connection to being somebody: capabilities, log-in by SASL, REGISTER by invitation, the name.
 */

import { formatLine } from './line.js';

/** @typedef {import('./line.js').Line} Line */
/** @typedef {import('./capabilities.js').Capabilities} Capabilities */

/**
 * Who one wants to be.
 * @typedef {object} Credentials
 * @property {string} nick
 * @property {{name: string, password: string}} [account] log in to it
 * @property {{code: string, password: string}} [registration] make the nickname an account, with an invitation's code or `*`
 */

/**
 * How registering ended.
 * @typedef {{type: 'welcome', nick: string}} Welcome
 * @typedef {{type: 'refused', reason: string, field: 'nick' | 'password' | 'code' | ''}} Refused
 */

/** Bytes of base64 in one AUTHENTICATE (IRCv3 sasl-3.1). */
const SASL_CHUNK = 400;
/** Bytes of names in one CAP REQ, so that the answer fits into a line with any nickname. */
const REQUEST_BYTES = 400;

export class Registration {
  /** Lines to be sent, in order. @type {string[]} */
  out = [];
  /** Whether REGISTER has made the account. */
  hasRegistered = false;
  #credentials;
  #capabilities;
  /** Requests for capabilities that are not answered. */
  #asked = 0;
  #spareNicks = 0;
  #isReconnect;

  /**
   * @param {Credentials} credentials
   * @param {Capabilities} capabilities
   * @param {boolean} isReconnect then another name is taken rather than none, when ours is still in use
   */
  constructor(credentials, capabilities, isReconnect) {
    this.#credentials = credentials;
    this.#capabilities = capabilities;
    this.#isReconnect = isReconnect;
    this.#say('CAP', ['LS', '302']);
    if (!credentials.account) {
      // A name that an account owns can only be had after logging in.
      this.#say('NICK', [credentials.nick]);
    }
    this.#say('USER', ['web', '0', '*', credentials.nick]);
  }

  /**
   * Takes a line that came before registration ended.
   * @param {Line} line
   * @returns {Welcome | Refused | null}
   */
  handleLine(line) {
    const text = line.params.at(-1) ?? '';
    switch (line.command) {
      case '001':
        return { type: 'welcome', nick: line.params[0] ?? this.#credentials.nick };
      case 'CAP':
        return this.#handleCap(line);
      case 'AUTHENTICATE':
        this.#authenticate();
        return null;
      case '903':
        this.#say('NICK', [this.#credentials.nick]);
        this.#proceed();
        return null;
      case '902':
      case '904':
      case '905':
      case '906':
      case '908':
        return refused(`Logging in failed: ${text}`, 'password');
      case 'REGISTER':
        this.hasRegistered = true;
        this.#say('CAP', ['END']);
        return null;
      case 'FAIL':
        return line.params[0] === 'REGISTER' ? this.#registerFailed(line) : null;
      case '432':
      case '433':
      case '436':
        return this.#nickRefused(line);
      case '464':
      case '465':
      case 'ERROR':
        return refused(text, '');
      default:
        return null;
    }
  }

  /** @param {Line} line @returns {Refused | null} */
  #handleCap(line) {
    const [, subcommand = '', third = ''] = line.params;
    const list = line.params.at(-1) ?? '';
    if (subcommand === 'LS') {
      this.#capabilities.offer(list);
      return third === '*' && line.params.length > 3 ? null : this.#request();
    }
    if (subcommand === 'ACK') {
      this.#capabilities.acknowledge(list);
    }
    if (subcommand === 'ACK' || subcommand === 'NAK') {
      this.#asked -= 1;
      if (this.#asked === 0) {
        return this.#logIn();
      }
    }
    return null;
  }

  /** @returns {Refused | null} */
  #request() {
    const lacking = this.#capabilities.lacking();
    if (lacking.length > 0) {
      return refused(`This server cannot be used from here; it lacks ${lacking.join(', ')}.`, '');
    }
    let list = '';
    const ask = () => {
      this.#say('CAP', ['REQ', list]);
      this.#asked += 1;
      list = '';
    };
    for (const name of this.#capabilities.missing()) {
      if (list.length + name.length > REQUEST_BYTES) {
        ask();
      }
      list = list === '' ? name : `${list} ${name}`;
    }
    ask();
    return null;
  }

  /** @returns {Refused | null} */
  #logIn() {
    if (!this.#credentials.account) {
      this.#proceed();
      return null;
    }
    if (!this.#capabilities.has('sasl')) {
      return refused('Nobody can log in to this server.', 'password');
    }
    this.#say('AUTHENTICATE', ['PLAIN']);
    return null;
  }

  #authenticate() {
    const { name = '', password = '' } = this.#credentials.account ?? {};
    const bytes = new TextEncoder().encode(`\0${name}\0${password}`);
    const encoded = btoa(String.fromCharCode(...bytes));
    for (let start = 0; start < encoded.length; start += SASL_CHUNK) {
      this.#say('AUTHENTICATE', [encoded.slice(start, start + SASL_CHUNK)]);
    }
    if (encoded.length % SASL_CHUNK === 0) {
      this.#say('AUTHENTICATE', ['+']);
    }
  }

  /** Goes on when it is settled whether one is logged in. */
  #proceed() {
    const { registration } = this.#credentials;
    if (registration) {
      this.#say('REGISTER', ['*', registration.code, registration.password]);
    } else {
      this.#say('CAP', ['END']);
    }
  }

  /** @param {Line} line @returns {Refused} */
  #registerFailed(line) {
    const [, code = ''] = line.params;
    const isName = ['ACCOUNT_EXISTS', 'BAD_ACCOUNT_NAME', 'ACCOUNT_NAME_MUST_BE_NICK'].includes(code);
    const isPassword = ['WEAK_PASSWORD', 'INVALID_PASSWORD'].includes(code);
    return refused(line.params.at(-1) ?? code, isName ? 'nick' : isPassword ? 'password' : 'code');
  }

  /** @param {Line} line @returns {Refused | null} */
  #nickRefused(line) {
    if (!this.#isReconnect || line.command === '432') {
      return refused(`The name ${this.#credentials.nick} cannot be used: ${line.params.at(-1)}`, 'nick');
    }
    this.#spareNicks += 1;
    this.#say('NICK', [`${this.#credentials.nick}_${this.#spareNicks}`]);
    return null;
  }

  /** @param {string} command @param {string[]} params */
  #say(command, params) {
    this.out.push(formatLine(command, params));
  }
}

/** @param {string} reason @param {Refused['field']} field @returns {Refused} */
function refused(reason, field) {
  return { type: 'refused', reason, field };
}
