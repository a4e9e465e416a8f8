/**
 * A server with one room, and a network that can be cut: enough of IRC for the client to have conversations with.
 */

import { parseLine } from '../irc/line.js';

/** @typedef {{id: string, nick: string, text: string}} Kept */

const CAPABILITIES =
  'batch echo-message labeled-response message-tags server-time draft/chathistory draft/multiline=max-bytes=8192,max-lines=100 draft/read-marker';

export class FakeServer {
  /** What was said in the room, and is kept. @type {Kept[]} */
  log = [];
  /** Messages of one page of history. */
  pageSize = 4;
  /** @type {FakeConnection | null} */
  connection = null;

  connect() {
    this.connection = new FakeConnection(this);
    return this.connection;
  }

  /** Somebody says something; the client hears it when it is in the room. @param {string} nick @param {string} text @param {string} [label] */
  say(nick, text, label = '') {
    const kept = { id: `m${this.log.length}`, nick, text };
    this.log.push(kept);
    if (this.connection?.isInRoom) {
      this.connection.out.push(...written(kept, this.log.length - 1, label === '' ? '' : `label=${label};`, 'x'));
    }
  }
}

class FakeConnection {
  /** Lines on their way to the client. @type {string[]} */
  out = [];
  isInRoom = false;
  #server;
  #isWelcome = false;
  /** @type {{label: string, lines: string[]} | null} */
  #batch = null;

  /** @param {FakeServer} server */
  constructor(server) {
    this.#server = server;
  }

  /** A line of the client has come. @param {string} text */
  receive(text) {
    const line = parseLine(text);
    if (!line) {
      throw new Error(`the client sent no line: ${text}`);
    }
    const label = line.tags.get('label') ?? '';
    const [first = '', second = '', third = ''] = line.params;
    switch (line.command) {
      case 'CAP':
        this.#capabilities(first, second);
        break;
      case 'JOIN':
        this.isInRoom = true;
        this.out.push('@time=2026-11-23T00:00:00.000Z :me!m@h JOIN #room', ':s MARKREAD #room *');
        break;
      case 'PING':
        this.out.push(`:s PONG s :${first}`);
        break;
      case 'PRIVMSG':
        if (line.tags.has('batch')) {
          this.#batch?.lines.push(second);
        } else {
          this.#server.say('me', second, label);
        }
        break;
      case 'BATCH':
        this.#multiline(first, label);
        break;
      case 'CHATHISTORY':
        this.#history(first, third, label);
        break;
      default:
    }
  }

  /** @param {string} subcommand @param {string} list */
  #capabilities(subcommand, list) {
    if (subcommand === 'LS') {
      this.out.push(`:s CAP * LS :${CAPABILITIES}`);
    } else if (subcommand === 'REQ') {
      this.out.push(`:s CAP * ACK :${list}`);
    } else if (subcommand === 'END' && !this.#isWelcome) {
      this.#isWelcome = true;
      this.out.push(':s 001 me :Welcome', ':s 004 me s fake', ':s 005 me CHATHISTORY=100 NETWORK=Fake :are supported', ':s 422 me :none');
    }
  }

  /** @param {string} reference @param {string} label */
  #multiline(reference, label) {
    if (reference.startsWith('+')) {
      this.#batch = { label, lines: [] };
    } else if (this.#batch) {
      this.#server.say('me', this.#batch.lines.join('\n'), this.#batch.label);
    }
  }

  /** @param {string} way @param {string} reference @param {string} label */
  #history(way, reference, label) {
    const { log, pageSize } = this.#server;
    const at = log.findIndex(({ id }) => `msgid=${id}` === reference);
    const from = { LATEST: log.length - pageSize, BEFORE: at - pageSize }[way] ?? at + 1;
    const to = { LATEST: log.length, BEFORE: at }[way] ?? from + pageSize;
    this.out.push(`@label=${label} :s BATCH +h chathistory #room`);
    log.slice(Math.max(0, from), Math.max(0, to)).forEach((kept, index) => {
      this.out.push(...written(kept, Math.max(0, from) + index, 'batch=h;', `y${index}`));
    });
    this.out.push(':s BATCH -h');
  }
}

/** A message as lines. @param {Kept} kept @param {number} at @param {string} tags @param {string} reference @returns {string[]} */
function written({ id, nick, text }, at, tags, reference) {
  const time = new Date(Date.UTC(2026, 10, 23) + at * 1000).toISOString();
  const source = `:${nick}!${nick.charAt(0)}@h`;
  const lines = text.split('\n');
  if (lines.length === 1) {
    return [`@${tags}time=${time};msgid=${id} ${source} PRIVMSG #room :${text}`];
  }
  return [
    `@${tags}time=${time};msgid=${id} ${source} BATCH +${reference} draft/multiline #room`,
    ...lines.map((line) => `@batch=${reference} ${source} PRIVMSG #room :${line}`),
    `${source} BATCH -${reference}`,
  ];
}
