/**
 * What is typed with a slash in front.
 */

/**
 * A command: its name, and what it needs behind it.
 * @typedef {{name: string, usage: string, help: string}} Command
 */

/** @type {Command[]} */
export const COMMANDS = [
  { name: 'away', usage: '[reason]', help: 'be shown as away; without a reason, be back' },
  { name: 'help', usage: '', help: 'show these commands' },
  { name: 'invite', usage: 'name', help: 'invite somebody into this room' },
  { name: 'join', usage: '#room', help: 'go into a room; it is made when there is none' },
  { name: 'list', usage: '', help: 'show the rooms of this server' },
  { name: 'me', usage: 'does something', help: 'say what you do' },
  { name: 'msg', usage: 'name [text]', help: 'talk to one person' },
  { name: 'nick', usage: 'name', help: 'change your name' },
  { name: 'part', usage: '[reason]', help: 'leave this room, or close this conversation' },
  { name: 'quote', usage: 'LINE', help: 'send a line of IRC as it is' },
  { name: 'search', usage: 'words', help: 'search what was said' },
  { name: 'topic', usage: '[text]', help: 'set the topic of this room' },
  { name: 'whois', usage: 'name', help: 'show who somebody is' },
];

/** Other names that people know. */
const ALIASES = new Map([['j', 'join'], ['leave', 'part'], ['close', 'part'], ['query', 'msg'], ['w', 'whois'], ['back', 'away']]);

/**
 * Reads what was typed.
 * @param {string} text
 * @returns {{type: 'say', text: string} | {type: 'run', name: string, rest: string} | {type: 'unknown', name: string}}
 */
export function readInput(text) {
  const match = /^\/([a-zA-Z]+)(?:\s+([\s\S]*))?$/.exec(text);
  if (text.startsWith('//')) {
    return { type: 'say', text: text.slice(1) };
  }
  if (!match) {
    return { type: 'say', text };
  }
  const typed = (match[1] ?? '').toLowerCase();
  const name = ALIASES.get(typed) ?? typed;
  const isKnown = COMMANDS.some((command) => command.name === name);
  const rest = typed === 'back' ? '' : (match[2] ?? '').trim();
  return isKnown ? { type: 'run', name, rest } : { type: 'unknown', name: typed };
}
