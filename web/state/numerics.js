/**
 * Numeric answers (modern.ircdocs.horse): the part of `apply.js` that reads what the server lists.
 */

import { nickOf } from '../irc/line.js';
import { fold, splitSigns } from '../irc/names.js';
import { LIST_ROOMS } from '../limits.js';
import { conversation, membersChanged, notify, person } from './model.js';

/** @typedef {import('./apply.js').Handler} Handler */
/** @typedef {import('./apply.js').Turn} Turn */

/** Marks our own WHOX questions, so that their answers are told from others. */
export const WHO_TOKEN = '42';
/** What we ask WHOX for, in the order in which it is answered: token, room, nickname, flags, account, real name. */
export const WHO_FIELDS = `%tcnfar,${WHO_TOKEN}`;

/** @type {Record<string, Handler>} */
export const NUMERICS = {
  '004': ({ state, line }) => {
    state.server = line.params[1] ?? '';
  },
  '005': isupport,
  301: () => {},
  305: ({ state }) => setAway(state, false),
  306: ({ state }) => setAway(state, true),
  315: ({ state, line }) => membersComplete(state, line.params[1] ?? ''),
  321: ({ state }) => {
    state.list = { rooms: [], isComplete: false };
  },
  322: listed,
  323: ({ state }) => {
    state.list = { rooms: state.list?.rooms ?? [], isComplete: true };
    state.revision += 1;
  },
  331: ({ state, line }) => setTopic(state, line.params[1] ?? '', ''),
  332: ({ state, line }) => setTopic(state, line.params[1] ?? '', line.params[2] ?? ''),
  353: names,
  354: whox,
  366: ({ state, line }) => membersComplete(state, line.params[1] ?? ''),
  730: ({ state, line }) => monitored(state, line.params[1] ?? '', false),
  731: ({ state, line }) => monitored(state, line.params[1] ?? '', true),
  900: ({ state, line }) => {
    state.account = line.params[2] ?? '';
    state.revision += 1;
  },
  901: ({ state }) => {
    state.account = '';
    state.revision += 1;
  },
};

/** Answers to what is typed by hand, shown as they come: WHOIS, INFO, VERSION and others. */
for (const numeric of ['311', '312', '313', '317', '318', '319', '330', '335', '338', '351', '371', '378', '671', '704', '705']) {
  NUMERICS[numeric] = ({ state, line }) => notify(state, line.params.slice(1).join(' '));
}

/** @param {Turn} turn */
function isupport({ state, line }) {
  for (const token of line.params.slice(1, -1)) {
    const [name = '', value = ''] = token.split('=');
    if (name === 'NETWORK') {
      state.network = value;
    } else if (name === 'CHATHISTORY' && Number(value) > 0) {
      state.historyLimit = Number(value);
    }
  }
  state.revision += 1;
}

/** @param {import('./model.js').State} state @param {boolean} isAway */
function setAway(state, isAway) {
  state.isAway = isAway;
  person(state, state.nick).isAway = isAway;
  state.revision += 1;
}

/** @param {Turn} turn */
function listed({ state, line }) {
  const [, name = '', people = '0', topic = ''] = line.params;
  const rooms = state.list?.rooms ?? [];
  if (rooms.length < LIST_ROOMS) {
    rooms.push({ name, people: Number(people), topic });
  }
  state.list = { rooms, isComplete: false };
}

/** @param {import('./model.js').State} state @param {string} name @param {string} topic */
function setTopic(state, name, topic) {
  const room = conversation(state, name);
  room.topic = topic;
  room.revision += 1;
}

/** @param {Turn} turn */
function names({ state, line }) {
  const room = state.conversations.get(fold(line.params[2] ?? ''));
  for (const word of (line.params[3] ?? '').split(' ').filter((one) => one !== '')) {
    const { signs, nick } = splitSigns(word.replace(/!.*$/, ''));
    room?.members.set(fold(nick), signs);
    person(state, nick).nick = nick;
  }
}

/** @param {Turn} turn */
function whox({ state, line }) {
  const [, token, name = '', nick = '', flags = '', account = '0', realName = ''] = line.params;
  const room = state.conversations.get(fold(name));
  if (token !== WHO_TOKEN || !room) {
    return;
  }
  const who = person(state, nick);
  Object.assign(who, { nick, isAway: flags.startsWith('G'), account: account === '0' ? '' : account, realName });
  room.members.set(fold(nick), [...flags].filter((flag) => '~&@%+'.includes(flag)).join(''));
}

/** @param {import('./model.js').State} state @param {string} name */
function membersComplete(state, name) {
  const room = state.conversations.get(fold(name));
  if (room) {
    room.membersState = 'known';
    membersChanged(room);
  }
}

/** @param {import('./model.js').State} state @param {string} list @param {boolean} isOffline */
function monitored(state, list, isOffline) {
  for (const mask of list.split(',')) {
    const where = state.conversations.get(fold(nickOf(mask)));
    if (where) {
      where.isOffline = isOffline;
      where.revision += 1;
    }
  }
}
