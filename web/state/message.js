/**
 * Lines that say something, as messages.
 */

import { fold, isRoom } from '../irc/names.js';
import { nickOf } from '../irc/line.js';
import { mentions, plainText } from './text.js';

/** @typedef {import('../irc/line.js').Line} Line */
/** @typedef {import('./model.js').State} State */
/** @typedef {import('./timeline.js').Message} Message */

/**
 * A reaction to a message, or one taken back.
 * @typedef {{id: string, text: string, nick: string, isSet: boolean}} Reaction
 */

/**
 * The name of the conversation that a line belongs to: the room, or the other side.
 * @param {State} state
 * @param {Line} line with a target as its first parameter
 */
export function conversationName(state, line) {
  const target = (line.params[0] ?? '').replace(/^[~&@%+]+(?=#)/, '');
  return isRoom(target) || isOwn(state, line) ? target : nickOf(line.source);
}

/**
 * Reads PRIVMSG, NOTICE, and of changes of rooms TOPIC, MODE and KICK.
 * @param {State} state
 * @param {Line} line
 * @returns {Message | null} null when it says nothing to people
 */
export function messageOf(state, line) {
  const nick = nickOf(line.source);
  const content = contentOf(line, nick);
  if (!content) {
    return null;
  }
  const own = isOwn(state, line);
  return {
    id: line.tags.get('msgid') || localId(state),
    time: timeOf(line),
    nick,
    account: line.tags.get('account') ?? '',
    ...content,
    replyTo: line.tags.get('+draft/reply') ?? line.tags.get('+reply') ?? '',
    isOwn: own,
    isMention: !own && content.kind !== 'event' && mentions(content.text, state.nick),
    isRedacted: false,
    reactions: new Map(),
    revision: 0,
  };
}

/**
 * Reads the reaction of a TAGMSG, as the drafts of IRCv3 have it.
 * @param {Line} line
 * @returns {Reaction | null}
 */
export function reactionOf(line) {
  const id = line.tags.get('+draft/reply') ?? line.tags.get('+reply') ?? '';
  const set = line.tags.get('+draft/react') ?? line.tags.get('+react') ?? '';
  const unset = line.tags.get('+draft/unreact') ?? line.tags.get('+unreact') ?? '';
  const text = set || unset;
  if (id === '' || text === '' || text.length > 32) {
    return null;
  }
  return { id, text, nick: nickOf(line.source), isSet: set !== '' };
}

/**
 * Milliseconds since 1970 of the tag `time`; the present without it.
 * @param {Line} line
 */
export function timeOf(line) {
  const time = Date.parse(line.tags.get('time') ?? '');
  return Number.isNaN(time) ? Date.now() : time;
}

/**
 * A change of a room's modes in words.
 * @param {string[]} params of MODE without the room
 */
export function modeText(params) {
  return `set mode ${params.join(' ')}`;
}

/**
 * A text as one line, for notifications and readers of the screen.
 * @param {Message} message
 */
export function spoken(message) {
  return plainText(message.text).replace(/\s+/g, ' ');
}

/** @param {Line} line @param {string} nick @returns {Pick<Message, 'kind' | 'text'> | null} */
function contentOf(line, nick) {
  const [, text = '', reason = ''] = line.params;
  switch (line.command) {
    case 'PRIVMSG':
    case 'NOTICE': {
      // eslint-disable-next-line no-control-regex
      const ctcp = /^\x01(\S+) ?([^\x01]*)\x01?$/s.exec(text);
      if (ctcp) {
        return ctcp[1] === 'ACTION' ? { kind: 'action', text: ctcp[2] ?? '' } : null;
      }
      return { kind: line.command === 'NOTICE' ? 'notice' : 'text', text };
    }
    case 'TOPIC':
      return { kind: 'event', text: text === '' ? 'removed the topic' : `changed the topic to: ${text}` };
    case 'MODE':
      return { kind: 'event', text: modeText(line.params.slice(1)) };
    case 'KICK':
      return { kind: 'event', text: `removed ${text} from the room${reason === '' || reason === nick ? '' : `: ${reason}`}` };
    default:
      return null;
  }
}

/** Our own: by nickname, or by account, as said on another device or under another name. @param {State} state @param {Line} line */
function isOwn(state, line) {
  const account = line.tags.get('account') ?? '';
  return fold(nickOf(line.source)) === fold(state.nick) || (account !== '' && fold(account) === fold(state.account));
}

/** @param {State} state */
function localId(state) {
  state.localIds += 1;
  return `!${state.localIds}`;
}
