/**
 * What the commands of `commands.js` do.
 */

import { isRoom } from '../irc/names.js';
import { currentConversation, notify } from '../state/model.js';
import { COMMANDS } from './commands.js';

/** @typedef {import('./client.js').Client} Client */
/** @typedef {import('../state/model.js').Conversation} Conversation */

/**
 * Does what a command says.
 * @param {Client} client
 * @param {Conversation | null} where it was typed
 * @param {string} name
 * @param {string} rest
 * @param {number} now
 */
export function runCommand(client, where, name, rest, now) {
  const [first = '', ...others] = rest.split(/\s+/);
  /** @type {Record<string, () => void>} */
  const runs = {
    away: () => client.setAway(rest),
    help: () => COMMANDS.forEach((one) => notify(client.state, `/${one.name} ${one.usage} – ${one.help}`)),
    invite: () => where && client.command('INVITE', [first, where.name]),
    join: () => client.join(rest),
    list: () => client.listRooms(),
    me: () => where && client.say(where, `\x01ACTION ${rest.replace(/\n/g, ' ')}\x01`, '', now),
    msg: () => message(client, first, others.join(' '), now),
    nick: () => client.setNick(first),
    part: () => where && client.leave(where, rest),
    quote: () => quote(client, rest),
    search: () => client.search(rest, where?.name ?? ''),
    topic: () => where && client.setTopic(where, rest),
    whois: () => client.command('WHOIS', [first]),
  };
  runs[name]?.();
}

/** @param {Client} client @param {string} name @param {string} text @param {number} now */
function message(client, name, text, now) {
  if (isRoom(name)) {
    client.join(name);
  } else {
    client.talkTo(name);
  }
  const where = currentConversation(client.state);
  if (where && text !== '') {
    client.say(where, text, '', now);
  }
}

/** @param {Client} client @param {string} line */
function quote(client, line) {
  const [command = '', ...rest] = line.split(' ');
  const colon = rest.findIndex((word) => word.startsWith(':'));
  const params = colon < 0 ? rest : [...rest.slice(0, colon), rest.slice(colon).join(' ').slice(1)];
  client.command(command, params);
}
