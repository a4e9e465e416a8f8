/**
 * The connection as a value: lines and time go in, things to do come out. It opens no socket and reads no clock.
 *
 * The shell calls `handle…` when something happened, then does what `pollAction` says until it is null, takes what
 * `pollEvent` tells until it is null, and calls `handleTimeout` when the time of `pollTimeout` has come.
 */

import {
  BACKOFF_FIRST_MS,
  BACKOFF_LAST_MS,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
  REGISTRATION_TIMEOUT_MS,
} from '../limits.js';
import { Batches } from './batches.js';
import { Capabilities } from './capabilities.js';
import { formatLine, parseLine } from './line.js';
import { Registration } from './registration.js';

/** @typedef {import('./batches.js').Item} Item */
/** @typedef {import('./registration.js').Credentials} Credentials */

/**
 * `waiting` is the time before the next try; `offline` is for good, until `handleStart`.
 * @typedef {'offline' | 'connecting' | 'registering' | 'online' | 'waiting'} Status
 * @typedef {{type: 'open'} | {type: 'close'} | {type: 'send', text: string}} Action
 * @typedef {{type: 'online', nick: string}
 *   | {type: 'lost', reason: string}
 *   | {type: 'refused', reason: string, field: string}
 *   | {type: 'item', item: Item}} SessionEvent
 */

export class Session {
  /** @type {Status} */
  status = 'offline';
  capabilities = new Capabilities();
  /** Milliseconds of the last PING's way there and back; null before the first. @type {number | null} */
  roundTripMs = null;
  /** When the next try is, while `waiting`. */
  retryAt = 0;
  /** Why the connection ended last. */
  reason = '';

  /** @type {Credentials | null} */
  #credentials = null;
  /** @type {Registration | null} */
  #registration = null;
  #batches = new Batches();
  /** @type {Action[]} */
  #actions = [];
  /** @type {SessionEvent[]} */
  #events = [];
  #failures = 0;
  #wasOnline = false;
  #labels = 0;
  #deadline = Infinity;
  /** When the PING that is not answered was sent. @type {number | null} */
  #pingedAt = null;
  #random;

  /** @param {() => number} random from 0 to 1, spreads the tries of many pages */
  constructor(random) {
    this.#random = random;
  }

  /**
   * Connects as somebody, again and again until `handleStop` or the server refuses.
   * @param {Credentials} credentials
   * @param {number} now
   */
  handleStart(credentials, now) {
    this.#credentials = credentials;
    this.#wasOnline = false;
    this.#failures = 0;
    this.#connect(now);
  }

  /** Ends it for good. @param {string} reason told to the server */
  handleStop(reason) {
    if (this.status === 'online') {
      this.send('QUIT', [reason]);
    }
    this.#close('offline', '');
    this.#deadline = Infinity;
  }

  /** The socket is open. @param {number} now */
  handleOpen(now) {
    if (this.status !== 'connecting' || !this.#credentials) {
      return;
    }
    this.status = 'registering';
    this.capabilities = new Capabilities();
    this.#batches = new Batches();
    this.#registration = new Registration(this.#credentials, this.capabilities, this.#wasOnline);
    this.#deadline = now + REGISTRATION_TIMEOUT_MS;
    this.#flush();
  }

  /** The socket is closed, or could not be opened. @param {number} now */
  handleClose(now) {
    if (this.status === 'offline' || this.status === 'waiting') {
      return;
    }
    this.#retry(now, this.reason || (this.status === 'connecting' ? 'the server does not answer' : 'the connection broke'));
  }

  /** A message of the socket: one line. @param {string} text @param {number} now */
  handleLine(text, now) {
    const line = parseLine(text);
    if (!line || this.status === 'offline' || this.status === 'waiting') {
      return;
    }
    if (line.command === 'PING') {
      this.send('PONG', line.params);
      return;
    }
    if (line.command === 'ERROR') {
      this.reason = line.params[0] ?? '';
    }
    if (this.#registration) {
      this.#register(line, now);
    } else {
      this.#follow(line, now);
    }
  }

  /** The time of `pollTimeout` has come. @param {number} now */
  handleTimeout(now) {
    if (now < this.#deadline) {
      return;
    }
    if (this.status === 'waiting') {
      this.#connect(now);
    } else if (this.status === 'online' && this.#pingedAt === null) {
      this.#ping(now);
    } else if (this.status !== 'offline') {
      this.#retry(now, 'the server does not answer');
    }
  }

  /** The network may be there again: try now rather than later, or see whether the connection lives. @param {number} now */
  handleNetworkChange(now) {
    if (this.status === 'waiting') {
      this.#failures = 0;
      this.#connect(now);
    } else if (this.status === 'online' && this.#pingedAt === null) {
      this.#ping(now);
    }
  }

  /**
   * Sends a command, if there is a connection.
   * @param {string} command
   * @param {string[]} [params]
   * @param {Iterable<[string, string]>} [tags]
   */
  send(command, params = [], tags = []) {
    this.#actions.push({ type: 'send', text: formatLine(command, params, tags) });
  }

  /**
   * Sends a command whose answer is told by the label that is returned.
   * @param {string} command
   * @param {string[]} params
   * @param {[string, string][]} [tags]
   * @returns {string}
   */
  ask(command, params, tags = []) {
    const label = this.nextLabel();
    this.send(command, params, [['label', label], ...tags]);
    return label;
  }

  /** A label that no other command of this page has. */
  nextLabel() {
    this.#labels += 1;
    return `p${this.#labels}`;
  }

  /** What to do next. @returns {Action | null} */
  pollAction() {
    return this.#actions.shift() ?? null;
  }

  /** What happened. @returns {SessionEvent | null} */
  pollEvent() {
    return this.#events.shift() ?? null;
  }

  /** When `handleTimeout` is to be called; Infinity when never. */
  pollTimeout() {
    return this.#deadline;
  }

  /** @param {number} now */
  #connect(now) {
    this.status = 'connecting';
    this.reason = '';
    this.#pingedAt = null;
    this.#actions.push({ type: 'open' });
    this.#deadline = now + REGISTRATION_TIMEOUT_MS;
  }

  /** @param {import('./line.js').Line} line @param {number} now */
  #register(line, now) {
    const end = this.#registration?.handleLine(line) ?? null;
    this.#flush();
    if (line.command === '900') {
      this.#events.push({ type: 'item', item: { type: 'line', line, label: '' } });
    }
    if (this.#registration?.hasRegistered) {
      this.#logInFromNowOn();
    }
    if (end?.type === 'refused') {
      if (this.#wasOnline && end.field !== 'password') {
        this.#retry(now, end.reason);
      } else if (end.field === 'nick' && this.#failures > 0 && this.#logInFromNowOn()) {
        // The connection may have broken when the account was made, before that was told.
        this.#retry(now, end.reason);
      } else {
        this.#close('offline', end.reason);
        this.#deadline = Infinity;
        this.#events.push(end);
      }
    } else if (end) {
      this.#registration = null;
      this.status = 'online';
      this.#failures = 0;
      this.#events.push({ type: 'online', nick: end.nick });
      this.#wasOnline = true;
      this.#ping(now);
    }
  }

  /** Who has registered logs in the next time. @returns {boolean} whether that is something else than before */
  #logInFromNowOn() {
    const { nick = '', registration } = this.#credentials ?? {};
    if (!registration) {
      return false;
    }
    this.#credentials = { nick, account: { name: nick, password: registration.password } };
    return true;
  }

  /** @param {import('./line.js').Line} line @param {number} now */
  #follow(line, now) {
    if (line.command === 'PONG' && this.#pingedAt !== null && line.params.at(-1) === 'rtt') {
      this.roundTripMs = now - this.#pingedAt;
      this.#pingedAt = null;
      this.#deadline = now + PING_INTERVAL_MS;
    } else if (line.command === 'CAP') {
      this.#capabilitiesChanged(line);
    } else {
      for (const item of this.#batches.push(line)) {
        this.#events.push({ type: 'item', item });
      }
    }
  }

  /** @param {import('./line.js').Line} line */
  #capabilitiesChanged(line) {
    const list = line.params.at(-1) ?? '';
    if (line.params[1] === 'NEW') {
      this.capabilities.offer(list);
      const missing = this.capabilities.missing();
      if (missing.length > 0) {
        this.send('CAP', ['REQ', missing.join(' ')]);
      }
    } else if (line.params[1] === 'DEL') {
      this.capabilities.withdraw(list);
    } else if (line.params[1] === 'ACK') {
      this.capabilities.acknowledge(list);
    }
  }

  /** @param {number} now */
  #ping(now) {
    this.send('PING', ['rtt']);
    this.#pingedAt = now;
    this.#deadline = now + PONG_TIMEOUT_MS;
  }

  #flush() {
    for (const text of this.#registration?.out.splice(0) ?? []) {
      this.#actions.push({ type: 'send', text });
    }
  }

  /** @param {number} now @param {string} reason */
  #retry(now, reason) {
    this.#close('waiting', reason);
    const wait = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.retryAt = now + wait * (0.5 + this.#random() / 2);
    this.#deadline = this.retryAt;
  }

  /** @param {Status} status @param {string} reason */
  #close(status, reason) {
    const wasOnline = this.status === 'online';
    this.status = status;
    this.reason = reason;
    this.#registration = null;
    this.#actions.push({ type: 'close' });
    if (wasOnline) {
      this.#events.push({ type: 'lost', reason });
    }
  }
}
