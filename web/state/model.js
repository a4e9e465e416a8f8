/**
 * What a person sees: conversations, people, notices. Values only; `apply.js` changes them by what the server says.
 */

import { fold, isRoom } from '../irc/names.js';
import { NOTICES_KEPT } from '../limits.js';
import { emptyTimeline } from './timeline.js';

/**
 * Somebody of whom we hear.
 * @typedef {object} Person
 * @property {string} nick
 * @property {string} account `''` without one
 * @property {boolean} isAway
 * @property {string} realName
 */

/**
 * A room, or what is said with one person.
 * @typedef {object} Conversation
 * @property {string} name
 * @property {'room' | 'person'} kind
 * @property {boolean} isOpen whether one is in the room; always for people
 * @property {boolean} isJoining whether that was asked for and is not answered
 * @property {boolean} isOffline whether the person is not there
 * @property {number} joinedAt when one came in last, by the server's clock
 * @property {string} topic
 * @property {Map<string, string>} members signs of status by folded nickname; of rooms
 * @property {'unknown' | 'asked' | 'known'} membersState
 * @property {import('./timeline.js').Timeline} timeline
 * @property {number} readUpTo time of what was read last
 * @property {boolean} isMarkerKnown whether the server has told how far was read
 * @property {number} unread
 * @property {number} mentions
 * @property {number} dividerAt time behind which the line "new" is drawn; 0: none
 * @property {Map<string, {nick: string, until: number}>} typing by folded nickname
 * @property {number} catchUpPages pages that were fetched to close the gap
 * @property {boolean} isCatchingUp whether the gap is closed by itself, and not by scrolling
 * @property {string} jumpTo msgid to be shown when it is there
 * @property {number} membersRevision of who is there, and how they are
 * @property {number} revision of all but the timeline
 */

/**
 * Something that the server said to nobody's message.
 * @typedef {{id: number, text: string, isError: boolean, room: string}} Notice `room`: one that we are invited to
 */

/**
 * @typedef {object} State
 * @property {string} nick
 * @property {string} account what one is logged in as, or `''`
 * @property {boolean} isAway
 * @property {string} network
 * @property {string} server
 * @property {number} historyLimit
 * @property {string} transport what the server's kernel tells of the connection, in words
 * @property {Map<string, Conversation>} conversations by folded name
 * @property {Map<string, Person>} people by folded nickname
 * @property {string} current folded name of the conversation on the screen
 * @property {boolean} isSeen whether somebody looks at it
 * @property {Notice[]} notices
 * @property {{rooms: {name: string, people: number, topic: string}[], isComplete: boolean} | null} list
 * @property {Search | null} search
 * @property {number} revision of what is not in a conversation
 * @property {number} localIds
 */

/**
 * @typedef {object} Search
 * @property {string} text
 * @property {string} label
 * @property {'asked' | 'found' | 'failed'} state
 * @property {string} error
 * @property {{target: string, message: import('./timeline.js').Message}[]} results newest first
 */

/** @returns {State} */
export function emptyState() {
  return {
    nick: '',
    account: '',
    isAway: false,
    network: '',
    server: '',
    historyLimit: 100,
    transport: '',
    conversations: new Map(),
    people: new Map(),
    current: '',
    isSeen: false,
    notices: [],
    list: null,
    search: null,
    revision: 0,
    localIds: 0,
  };
}

/**
 * The conversation of that name, made when there is none.
 * @param {State} state
 * @param {string} name
 * @returns {Conversation}
 */
export function conversation(state, name) {
  const key = fold(name);
  const known = state.conversations.get(key);
  if (known) {
    return known;
  }
  /** @type {Conversation} */
  const made = {
    name,
    kind: isRoom(name) ? 'room' : 'person',
    isOpen: !isRoom(name),
    isJoining: false,
    isOffline: false,
    joinedAt: 0,
    topic: '',
    members: new Map(),
    membersState: 'unknown',
    timeline: emptyTimeline(),
    readUpTo: 0,
    isMarkerKnown: false,
    unread: 0,
    mentions: 0,
    dividerAt: 0,
    typing: new Map(),
    catchUpPages: 0,
    isCatchingUp: false,
    jumpTo: '',
    membersRevision: 0,
    revision: 0,
  };
  state.conversations.set(key, made);
  state.revision += 1;
  return made;
}

/** Somebody came to a room, left it, or is not as before. @param {Conversation} room */
export function membersChanged(room) {
  room.membersRevision += 1;
  room.revision += 1;
}

/** @param {State} state @returns {Conversation | null} */
export function currentConversation(state) {
  return state.conversations.get(state.current) ?? null;
}

/**
 * What is known of somebody, made when nothing is.
 * @param {State} state
 * @param {string} nick
 * @returns {Person}
 */
export function person(state, nick) {
  const key = fold(nick);
  const known = state.people.get(key);
  if (known) {
    return known;
  }
  const made = { nick, account: '', isAway: false, realName: '' };
  state.people.set(key, made);
  return made;
}

/** Whether this is our nickname. @param {State} state @param {string} nick */
export function isMe(state, nick) {
  return fold(nick) === fold(state.nick);
}

/**
 * Rooms first, then people, each in the order of the alphabet.
 * @param {State} state
 * @returns {Conversation[]}
 */
export function conversationsInOrder(state) {
  const rank = (/** @type {Conversation} */ one) => (one.kind === 'room' ? 0 : 1);
  return [...state.conversations.values()].sort((a, b) => rank(a) - rank(b) || compareNames(a.name, b.name));
}

/**
 * Members of a room for its list: by status, then by name.
 * @param {State} state
 * @param {Conversation} room
 * @returns {{nick: string, sign: string, isAway: boolean, account: string}[]}
 */
export function membersInOrder(state, room) {
  const members = [...room.members].map(([key, signs]) => {
    const known = state.people.get(key);
    const sign = signs.charAt(0);
    return { nick: known?.nick ?? key, sign, isAway: known?.isAway ?? false, account: known?.account ?? '' };
  });
  const rank = (/** @type {{sign: string}} */ { sign }) => (sign === '' ? 9 : '~&@%+'.indexOf(sign));
  return members.sort((a, b) => rank(a) - rank(b) || compareNames(a.nick, b.nick));
}

/**
 * Tells the person something that belongs to no message.
 * @param {State} state
 * @param {string} text
 * @param {{isError?: boolean, room?: string}} [more]
 */
export function notify(state, text, { isError = false, room = '' } = {}) {
  state.localIds += 1;
  state.notices.push({ id: state.localIds, text, isError, room });
  state.notices.splice(0, state.notices.length - NOTICES_KEPT);
  state.revision += 1;
}

const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/** @param {string} a @param {string} b */
function compareNames(a, b) {
  return collator.compare(a, b);
}
