/**
 * What the server says, made true in the state: one function for each command.
 */

import { fold, isRoom } from '../irc/names.js';
import { nickOf } from '../irc/line.js';
import { TYPING_SHOWN_MS } from '../limits.js';
import { conversationName, messageOf, reactionOf } from './message.js';
import { conversation, isMe, notify } from './model.js';
import { NUMERICS } from './numerics.js';
import { PEOPLE } from './people.js';
import { addLive, react, redact, trim } from './timeline.js';
import { countNew, readUpTo, recount } from './unread.js';

/** @typedef {import('../irc/line.js').Line} Line */
/** @typedef {import('./model.js').Conversation} Conversation */
/** @typedef {import('./model.js').State} State */

/**
 * What follows from a line beyond the state.
 * @typedef {{type: 'joined', room: Conversation}
 *   | {type: 'invited', room: string}
 *   | {type: 'said', conversation: Conversation, message: import('./timeline.js').Message}
 * } Effect
 */

/**
 * What a handler is given.
 * @typedef {{state: State, line: Line, now: number, effects: Effect[]}} Turn
 * @typedef {(turn: Turn) => void} Handler
 */

/** @type {Record<string, Handler>} */
const HANDLERS = {
  ...NUMERICS,
  ...PEOPLE,
  PRIVMSG: said,
  NOTICE: said,
  TOPIC: topicChanged,
  MODE: event,
  KICK: event,
  TAGMSG: tagged,
  REDACT: redacted,
  MARKREAD: markerMoved,
  INVITE: invited,
  FAIL: failed,
  WARN: failed,
  NOTE: failed,
};

/**
 * Makes a line true.
 * @param {State} state
 * @param {Line} line
 * @param {number} now
 * @returns {Effect[]}
 */
export function apply(state, line, now) {
  /** @type {Effect[]} */
  const effects = [];
  const turn = { state, line, now, effects };
  const handler = HANDLERS[line.command];
  if (handler) {
    handler(turn);
  } else if (/^[45]\d\d$/.test(line.command) && !QUIET.includes(line.command)) {
    notify(state, line.params.slice(1).join(' '), { isError: true });
  }
  if (line.command === 'MODE' || line.command === 'KICK') {
    PEOPLE[`${line.command}+`]?.(turn);
  }
  return effects;
}

/** Errors that tell nothing: no message of the day. */
const QUIET = ['422'];

/** @param {Turn} turn */
function said({ state, line, effects }) {
  if (line.command === 'NOTICE' && !line.source.includes('!')) {
    notify(state, line.params[1] ?? '');
    return;
  }
  const name = conversationName(state, line);
  const message = messageOf(state, line);
  // A room that was left may still be heard until the server knows.
  if (message && (!isRoom(name) || state.conversations.has(fold(name)))) {
    add(state, conversation(state, name), message, effects);
  }
}

/** @param {State} state @param {Conversation} where @param {import('./timeline.js').Message} message @param {Effect[]} effects */
function add(state, where, message, effects) {
  if (!addLive(where.timeline, message)) {
    return;
  }
  where.typing.delete(fold(message.nick));
  where.revision += 1;
  if (message.isOwn) {
    readUpTo(where, message.time);
  }
  countNew(where, message);
  if (state.conversations.get(state.current) !== where) {
    trim(where.timeline);
  }
  effects.push({ type: 'said', conversation: where, message });
}

/** @param {Turn} turn */
function event({ state, line, effects }) {
  const name = line.params[0] ?? '';
  const room = isRoom(name) ? state.conversations.get(fold(name)) : undefined;
  const message = room ? messageOf(state, line) : null;
  if (room && message) {
    add(state, room, message, effects);
  }
}

/** @param {Turn} turn */
function topicChanged(turn) {
  const room = turn.state.conversations.get(fold(turn.line.params[0] ?? ''));
  if (room) {
    room.topic = turn.line.params[1] ?? '';
    event(turn);
  }
}

/** @param {Turn} turn */
function tagged({ state, line, now }) {
  const where = state.conversations.get(fold(conversationName(state, line)));
  if (!where) {
    return;
  }
  const reaction = reactionOf(line);
  if (reaction) {
    react(where.timeline, reaction.id, reaction, reaction.isSet);
  }
  const nick = nickOf(line.source);
  const typing = line.tags.get('+typing');
  if (typing !== undefined && !isMe(state, nick)) {
    if (typing === 'active') {
      where.typing.set(fold(nick), { nick, until: now + TYPING_SHOWN_MS });
    } else {
      where.typing.delete(fold(nick));
    }
    where.revision += 1;
  }
}

/** @param {Turn} turn */
function redacted({ state, line }) {
  const where = state.conversations.get(fold(conversationName(state, line)));
  const message = where ? redact(where.timeline, line.params[1] ?? '') : null;
  if (where && message) {
    recount(where);
  }
}

/** @param {Turn} turn */
function markerMoved({ state, line }) {
  const [name = '', value = ''] = line.params;
  const where = state.conversations.get(fold(name));
  if (!where) {
    return;
  }
  const time = Date.parse(value.replace(/^timestamp=/, ''));
  // Who was never here has nothing to catch up with: what was said before is not new to them.
  const isFirst = !where.isMarkerKnown && where.readUpTo === 0;
  where.isMarkerKnown = true;
  if (!Number.isNaN(time)) {
    readUpTo(where, time);
  } else if (isFirst) {
    readUpTo(where, where.joinedAt);
  }
  recount(where);
}

/** @param {Turn} turn */
function invited({ state, line, effects }) {
  const [nick = '', room = ''] = line.params;
  if (isMe(state, nick)) {
    effects.push({ type: 'invited', room });
    notify(state, `${nickOf(line.source)} invites you to ${room}`, { room });
  }
}

/** A refusal that belongs to no message: those that do are taken before. @param {Turn} turn */
function failed({ state, line }) {
  if (line.params[0] === 'TRANSPORT') {
    state.transport = line.params.at(-1) ?? '';
  } else if (line.params[0] !== 'CHATHISTORY' && line.params[0] !== 'MARKREAD') {
    notify(state, line.params.at(-1) ?? '', { isError: line.command === 'FAIL' });
  }
}
