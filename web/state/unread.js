/**
 * How far a conversation was read, and what is new since then.
 */

import { isStored } from './timeline.js';

/** @typedef {import('./model.js').Conversation} Conversation */
/** @typedef {import('./model.js').State} State */

/**
 * Counts what others said after the marker.
 * @param {Conversation} conversation
 */
export function recount(conversation) {
  const { messages, tail } = conversation.timeline;
  let unread = 0;
  let mentions = 0;
  for (const list of [tail, messages]) {
    for (let index = list.length - 1; index >= 0; index -= 1) {
      const message = list[index];
      if (!message || message.time <= conversation.readUpTo) {
        break;
      }
      if (countsAsUnread(message)) {
        unread += 1;
        mentions += message.isMention || conversation.kind === 'person' ? 1 : 0;
      }
    }
  }
  if (unread !== conversation.unread || mentions !== conversation.mentions) {
    conversation.unread = unread;
    conversation.mentions = mentions;
    conversation.revision += 1;
  }
}

/**
 * Counts one message more, as it comes.
 * @param {Conversation} conversation
 * @param {import('./timeline.js').Message} message
 */
export function countNew(conversation, message) {
  if (message.time > conversation.readUpTo && countsAsUnread(message)) {
    conversation.unread += 1;
    conversation.mentions += message.isMention || conversation.kind === 'person' ? 1 : 0;
  }
}

/**
 * Moves the marker forward, never back.
 * @param {Conversation} conversation
 * @param {number} time
 * @returns {boolean} whether it moved
 */
export function readUpTo(conversation, time) {
  if (time <= conversation.readUpTo) {
    return false;
  }
  conversation.readUpTo = time;
  recount(conversation);
  return true;
}

/**
 * Time of the newest message that was kept; 0 when there is none.
 * @param {Conversation} conversation
 */
export function newestTime(conversation) {
  const { messages, tail } = conversation.timeline;
  const isKept = (/** @type {import('./timeline.js').Message} */ one) => isStored(one.id);
  return (tail.findLast(isKept) ?? messages.findLast(isKept))?.time ?? 0;
}

/**
 * What the title shows: mentions and private messages of all conversations, and whether anything else is new.
 * @param {State} state
 */
export function totals(state) {
  let mentions = 0;
  let unread = 0;
  for (const conversation of state.conversations.values()) {
    mentions += conversation.mentions;
    unread += conversation.unread;
  }
  return { mentions, unread };
}

/** @param {import('./timeline.js').Message} message */
function countsAsUnread(message) {
  return !message.isOwn && message.kind !== 'event' && !message.isRedacted;
}
