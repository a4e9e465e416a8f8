/**
 * What was said in a conversation, in the order of the server's log, without gap and without doubles.
 *
 * `messages` is a piece of the log without gaps. While it does not reach the present (`isJoined` is false), what is
 * said now waits in `tail`, and pages of history close the gap: a page that has a message of the tail, or an empty one,
 * tells that nothing is between. So it makes no difference whether the gap comes from a lost connection, from jumping
 * to an old message, or from having just come in.
 */

import { ORPHAN_REACTIONS, TIMELINE_KEPT, TIMELINE_TAIL } from '../limits.js';

/**
 * @typedef {object} Message
 * @property {string} id msgid; one of this page's own, with `!`, where there is none
 * @property {number} time milliseconds since 1970
 * @property {string} nick who said it
 * @property {string} account `''` without one
 * @property {'text' | 'notice' | 'action' | 'event'} kind `event` is a change of the room, told in words
 * @property {string} text
 * @property {string} replyTo msgid, or `''`
 * @property {boolean} isOwn
 * @property {boolean} isMention
 * @property {boolean} isRedacted
 * @property {Map<string, string[]>} reactions who reacted, by reaction
 * @property {number} revision counts what changed, so that a view knows what to draw again
 */

/**
 * @typedef {object} Timeline
 * @property {Message[]} messages
 * @property {Map<string, Message>} byId of `messages` and `tail`
 * @property {Message[]} tail
 * @property {boolean} isJoined
 * @property {boolean} isAtBeginning whether there is nothing older
 * @property {string} oldestAsked msgid before which history goes on, when that is no message; or `''`
 * @property {string} newestAsked msgid behind which it goes on, likewise
 * @property {number} revision
 * @property {Map<string, {text: string, nick: string}[]>} orphans reactions to messages that are not loaded, by msgid
 */

/**
 * One answer to a question for history.
 * @typedef {object} Page
 * @property {Message[]} messages oldest first
 * @property {string} firstId msgid of the first of all that came, reactions too; `''`: nothing came
 * @property {string} lastId
 */

/** @returns {Timeline} */
export function emptyTimeline() {
  return {
    messages: [],
    byId: new Map(),
    tail: [],
    isJoined: false,
    isAtBeginning: false,
    oldestAsked: '',
    newestAsked: '',
    revision: 0,
    orphans: new Map(),
  };
}

/**
 * What is said now.
 * @param {Timeline} timeline
 * @param {Message} message
 * @returns {boolean} false when it was known
 */
export function addLive(timeline, message) {
  if (timeline.byId.has(message.id)) {
    return false;
  }
  take(timeline, message, timeline.isJoined ? timeline.messages : timeline.tail);
  if (timeline.tail.length > TIMELINE_TAIL) {
    forget(timeline, timeline.tail.splice(0, timeline.tail.length - TIMELINE_TAIL));
  }
  return true;
}

/**
 * The newest page: the piece begins anew with it, unless it reaches what is there.
 * @param {Timeline} timeline
 * @param {Page} page
 */
export function addLatest(timeline, page) {
  const inPage = new Set(page.messages.map((message) => message.id));
  const newer = timeline.tail.slice(timeline.tail.findLastIndex((message) => inPage.has(message.id)) + 1);
  forget(timeline, timeline.messages);
  forget(timeline, timeline.tail);
  timeline.messages = [];
  timeline.tail = [];
  timeline.isAtBeginning = page.firstId === '';
  timeline.oldestAsked = page.firstId;
  join(timeline);
  [...page.messages, ...newer].forEach((message) => addLive(timeline, message));
  timeline.revision += 1;
}

/**
 * A page of what was before.
 * @param {Timeline} timeline
 * @param {Page} page an empty one: this is the beginning
 */
export function addBefore(timeline, page) {
  /** @type {Message[]} */
  const older = [];
  for (const message of page.messages) {
    if (!timeline.byId.has(message.id)) {
      take(timeline, message, older);
    }
  }
  timeline.isAtBeginning = page.firstId === '';
  timeline.oldestAsked = page.firstId;
  timeline.messages = [...older, ...timeline.messages];
  timeline.revision += 1;
}

/**
 * A page of what was after. It joins the present when it is empty or has what was said live.
 * @param {Timeline} timeline
 * @param {Page} page
 */
export function addAfter(timeline, page) {
  const live = new Set(timeline.tail.map((message) => message.id));
  let isReached = page.firstId === '';
  for (const message of page.messages) {
    isReached ||= live.has(message.id);
    if (!isReached && !timeline.byId.has(message.id)) {
      take(timeline, message, timeline.messages);
    }
  }
  timeline.newestAsked = page.lastId;
  if (isReached) {
    timeline.messages.push(...timeline.tail);
    timeline.tail = [];
    join(timeline);
  }
  timeline.revision += 1;
}

/**
 * A page around an old message: the piece begins anew there, away from the present.
 * @param {Timeline} timeline
 * @param {Page} page
 */
export function addAround(timeline, page) {
  cutOff(timeline);
  forget(timeline, timeline.messages);
  timeline.messages = [];
  timeline.isAtBeginning = false;
  timeline.oldestAsked = page.firstId;
  timeline.newestAsked = page.lastId;
  page.messages.forEach((message) => take(timeline, message, timeline.messages));
  timeline.revision += 1;
}

/** From now on live messages wait for the gap to be closed. @param {Timeline} timeline */
export function leavePresent(timeline) {
  timeline.isJoined = false;
  timeline.revision += 1;
}

/**
 * The connection is lost, or the piece begins elsewhere: what waited is not next to what will be said, and comes by history.
 * @param {Timeline} timeline
 */
export function cutOff(timeline) {
  forget(timeline, timeline.tail);
  timeline.tail = [];
  leavePresent(timeline);
}

/** Lets old messages go when there are too many. @param {Timeline} timeline */
export function trim(timeline) {
  if (timeline.messages.length > TIMELINE_KEPT * 1.2) {
    forget(timeline, timeline.messages.splice(0, timeline.messages.length - TIMELINE_KEPT));
    timeline.isAtBeginning = false;
    timeline.oldestAsked = '';
    timeline.revision += 1;
  }
}

/**
 * A reaction, or one taken back.
 * @param {Timeline} timeline
 * @param {string} id of the message
 * @param {{text: string, nick: string}} reaction
 * @param {boolean} isSet
 */
export function react(timeline, id, reaction, isSet) {
  const message = timeline.byId.get(id);
  if (message) {
    setReaction(message, reaction, isSet);
    timeline.revision += 1;
  } else if (isSet && timeline.orphans.size < ORPHAN_REACTIONS) {
    timeline.orphans.set(id, [...(timeline.orphans.get(id) ?? []), reaction]);
  }
}

/**
 * Takes the text of a message out.
 * @param {Timeline} timeline
 * @param {string} id
 */
export function redact(timeline, id) {
  const message = timeline.byId.get(id);
  if (message) {
    message.text = '';
    message.isRedacted = true;
    message.isMention = false;
    message.reactions.clear();
    message.revision += 1;
    timeline.revision += 1;
  }
  return message ?? null;
}

/**
 * The msgid behind which history goes on; `''` when nothing is there.
 * @param {Timeline} timeline
 * @returns {string}
 */
export function newestId(timeline) {
  return timeline.newestAsked || (timeline.messages.findLast((message) => isStored(message.id))?.id ?? '');
}

/** The msgid before which it goes on. @param {Timeline} timeline @returns {string} */
export function oldestId(timeline) {
  return timeline.oldestAsked || (timeline.messages.find((message) => isStored(message.id))?.id ?? '');
}

/** Whether the server knows a message by this id. @param {string} id */
export function isStored(id) {
  return !/^[!~]/.test(id);
}

/** @param {Timeline} timeline */
function join(timeline) {
  timeline.isJoined = true;
  timeline.newestAsked = '';
}

/** @param {Timeline} timeline @param {Message} message @param {Message[]} list */
function take(timeline, message, list) {
  list.push(message);
  timeline.byId.set(message.id, message);
  timeline.orphans.get(message.id)?.forEach((reaction) => setReaction(message, reaction, true));
  timeline.orphans.delete(message.id);
  timeline.revision += 1;
}

/** @param {Timeline} timeline @param {Message[]} messages */
function forget(timeline, messages) {
  messages.forEach((message) => timeline.byId.delete(message.id));
}

/** @param {Message} message @param {{text: string, nick: string}} reaction @param {boolean} isSet */
function setReaction(message, { text, nick }, isSet) {
  const others = (message.reactions.get(text) ?? []).filter((one) => one !== nick);
  const nicks = isSet ? [...others, nick] : others;
  if (nicks.length > 0) {
    message.reactions.set(text, nicks);
  } else {
    message.reactions.delete(text);
  }
  message.revision += 1;
}
