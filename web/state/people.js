/**
 * Who comes, goes, is away, and is called what: the part of `apply.js` that is about people and who is in rooms.
 */

import { fold, isRoom, signOfMode, withSign } from '../irc/names.js';
import { nickOf } from '../irc/line.js';
import { timeOf } from './message.js';
import { conversation, isMe, membersChanged, person } from './model.js';

/** @typedef {import('./apply.js').Handler} Handler */
/** @typedef {import('./apply.js').Turn} Turn */
/** @typedef {import('./model.js').Conversation} Conversation */
/** @typedef {import('./model.js').State} State */

/** Modes of rooms that have a parameter when they are set, and those that always have one (CHANMODES). */
const MODES_WITH_PARAMETER = 'lW';
const MODES_ALWAYS_WITH_PARAMETER = 'beIkqaohv';

/** Those with `+` come after the change is told as a message. @type {Record<string, Handler>} */
export const PEOPLE = {
  JOIN: joined,
  PART: left,
  QUIT: quit,
  NICK: renamed,
  AWAY: away,
  ACCOUNT: account,
  SETNAME: realName,
  RENAME: roomRenamed,
  'KICK+': kicked,
  'MODE+': modes,
};

/** @param {Turn} turn */
function joined({ state, line, effects }) {
  const [name = '', accountName = '*', real = ''] = line.params;
  const nick = nickOf(line.source);
  const room = conversation(state, name);
  const who = person(state, nick);
  who.nick = nick;
  if (line.params.length > 1) {
    who.account = accountName === '*' ? '' : accountName;
    who.realName = real;
  }
  if (isMe(state, nick)) {
    room.name = name;
    room.isOpen = true;
    room.isJoining = false;
    room.joinedAt = timeOf(line);
    room.members.clear();
    room.membersState = 'unknown';
    state.revision += 1;
    effects.push({ type: 'joined', room });
  }
  room.members.set(fold(nick), room.members.get(fold(nick)) ?? '');
  membersChanged(room);
}

/** @param {Turn} turn */
function left({ state, line }) {
  leave(state, line.params[0] ?? '', nickOf(line.source));
}

/** @param {Turn} turn */
function kicked({ state, line }) {
  leave(state, line.params[0] ?? '', line.params[1] ?? '');
}

/** @param {State} state @param {string} name @param {string} nick */
function leave(state, name, nick) {
  const room = state.conversations.get(fold(name));
  if (!room) {
    return;
  }
  room.members.delete(fold(nick));
  room.typing.delete(fold(nick));
  membersChanged(room);
  if (isMe(state, nick)) {
    room.isOpen = false;
    room.members.clear();
    room.membersState = 'unknown';
    state.revision += 1;
  } else {
    forgetUnlessSeen(state, nick);
  }
}

/** @param {Turn} turn */
function quit({ state, line }) {
  const nick = nickOf(line.source);
  for (const room of roomsOf(state, nick)) {
    room.members.delete(fold(nick));
    room.typing.delete(fold(nick));
    membersChanged(room);
  }
  forgetUnlessSeen(state, nick);
}

/** @param {Turn} turn */
function renamed({ state, line }) {
  const before = nickOf(line.source);
  const after = line.params[0] ?? before;
  const [from, to] = [fold(before), fold(after)];
  for (const room of roomsOf(state, before)) {
    const signs = room.members.get(from) ?? '';
    room.members.delete(from);
    room.members.set(to, signs);
    room.typing.delete(from);
    membersChanged(room);
  }
  const who = person(state, before);
  state.people.delete(from);
  state.people.set(to, { ...who, nick: after });
  if (isMe(state, before)) {
    state.nick = after;
  }
  moveConversation(state, before, after);
  state.revision += 1;
}

/** @param {Turn} turn */
function roomRenamed({ state, line }) {
  moveConversation(state, line.params[0] ?? '', line.params[1] ?? '');
}

/** @param {State} state @param {string} before @param {string} after */
function moveConversation(state, before, after) {
  const [from, to] = [fold(before), fold(after)];
  const where = state.conversations.get(from);
  if (!where || (state.conversations.has(to) && from !== to)) {
    return;
  }
  state.conversations.delete(from);
  state.conversations.set(to, where);
  where.name = after;
  where.revision += 1;
  if (state.current === from) {
    state.current = to;
  }
  state.revision += 1;
}

/** @param {Turn} turn */
function away({ state, line }) {
  change(state, nickOf(line.source), { isAway: (line.params[0] ?? '') !== '' });
}

/** @param {Turn} turn */
function account({ state, line }) {
  const name = line.params[0] ?? '*';
  change(state, nickOf(line.source), { account: name === '*' ? '' : name });
}

/** @param {Turn} turn */
function realName({ state, line }) {
  change(state, nickOf(line.source), { realName: line.params[0] ?? '' });
}

/** @param {State} state @param {string} nick @param {Partial<import('./model.js').Person>} news */
function change(state, nick, news) {
  Object.assign(person(state, nick), news);
  for (const room of roomsOf(state, nick)) {
    membersChanged(room);
  }
  state.revision += 1;
}

/** @param {Turn} turn */
function modes({ state, line }) {
  const [name = '', letters = '', ...params] = line.params;
  const room = state.conversations.get(fold(name));
  if (!room || !isRoom(name)) {
    return;
  }
  let isSet = true;
  for (const letter of letters) {
    if (letter === '+' || letter === '-') {
      isSet = letter === '+';
      continue;
    }
    const takesOne = MODES_ALWAYS_WITH_PARAMETER.includes(letter) || (isSet && MODES_WITH_PARAMETER.includes(letter));
    const param = takesOne ? (params.shift() ?? '') : '';
    const sign = signOfMode(letter);
    const signs = room.members.get(fold(param));
    if (sign !== '' && signs !== undefined) {
      room.members.set(fold(param), withSign(signs, sign, isSet));
      membersChanged(room);
    }
  }
}

/** @param {State} state @param {string} nick @returns {Conversation[]} */
function roomsOf(state, nick) {
  return [...state.conversations.values()].filter((room) => room.members.has(fold(nick)));
}

/** Nothing is remembered of who is in none of our rooms. @param {State} state @param {string} nick */
function forgetUnlessSeen(state, nick) {
  if (!state.conversations.has(fold(nick)) && roomsOf(state, nick).length === 0) {
    state.people.delete(fold(nick));
  }
}
