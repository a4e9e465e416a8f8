/**
 * Pages of history put where they belong, and the gap after a reconnect closed.
 */

import { historyParams } from '../irc/history.js';
import { fold, isRoom } from '../irc/names.js';
import { CATCH_UP_PAGES } from '../limits.js';
import { messageOf, reactionOf } from '../state/message.js';
import { isMe, notify } from '../state/model.js';
import {
  addAfter,
  addAround,
  addBefore,
  addLatest,
  leavePresent,
  newestId,
  oldestId,
  react,
  trim,
} from '../state/timeline.js';
import { recount } from '../state/unread.js';

/** @typedef {import('../irc/batches.js').Item} Item */
/** @typedef {import('../irc/history.js').Question} Question */
/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Page} Page */

/** A page that says: there is nothing. @type {Page} */
const NOTHING = { messages: [], firstId: '', lastId: '' };

export class CatchUp {
  #state;
  #session;
  #queue;
  #outbox;

  /**
   * @param {import('../state/model.js').State} state
   * @param {import('../irc/session.js').Session} session
   * @param {import('../irc/history.js').HistoryQueue} queue
   * @param {import('../irc/outbox.js').Outbox} outbox
   */
  constructor(state, session, queue, outbox) {
    this.#state = state;
    this.#session = session;
    this.#queue = queue;
    this.#outbox = outbox;
  }

  /** Closes the gap to the present. @param {Conversation} where */
  begin(where) {
    leavePresent(where.timeline);
    if (!this.#isReadable(where)) {
      this.#end(where, false);
      return;
    }
    where.isCatchingUp = true;
    where.catchUpPages = 0;
    const msgid = newestId(where.timeline);
    this.#ask({ target: where.name, way: msgid === '' ? 'latest' : 'after', msgid });
  }

  /** Fetches what was before, as for scrolling up. @param {Conversation} where */
  older(where) {
    const msgid = oldestId(where.timeline);
    if (msgid !== '' && !where.timeline.isAtBeginning && this.#isReadable(where)) {
      this.#ask({ target: where.name, way: 'before', msgid });
    }
  }

  /** Fetches what was after, as for scrolling down from an old message. @param {Conversation} where */
  newer(where) {
    const msgid = newestId(where.timeline);
    if (!where.timeline.isJoined && msgid !== '') {
      this.#ask({ target: where.name, way: 'after', msgid });
    }
  }

  /** Goes to the present at once. @param {Conversation} where */
  newest(where) {
    if (!where.timeline.isJoined) {
      this.#ask({ target: where.name, way: 'latest', msgid: '' });
    }
  }

  /** Goes to an old message. @param {Conversation} where @param {string} msgid */
  around(where, msgid) {
    where.jumpTo = msgid;
    where.revision += 1;
    if (!where.timeline.byId.has(msgid)) {
      where.isCatchingUp = false;
      this.#ask({ target: where.name, way: 'around', msgid });
    }
  }

  /**
   * Takes what came with a label.
   * @param {string} label
   * @param {Item} item
   * @returns {boolean} whether it was an answer to a question for history
   */
  handleAnswer(label, item) {
    const isBatch = item.type === 'batch' && item.name === 'chathistory';
    const isFailure = item.type === 'line' && item.line.command === 'FAIL';
    const question = isBatch || isFailure ? this.#queue.answered(label) : null;
    if (!question) {
      return false;
    }
    const where = this.#state.conversations.get(fold(question.target));
    if (where && item.type === 'batch') {
      this.#page(where, question, item.items);
    } else if (where) {
      this.#failed(where, question, item.type === 'line' ? (item.line.params.at(-1) ?? '') : '');
    }
    this.flush();
    return true;
  }

  /** Asks what may be asked now. */
  flush() {
    for (let next = this.#queue.next(); next && this.#session.status === 'online'; next = this.#queue.next()) {
      this.#queue.asked(this.#session.ask('CHATHISTORY', historyParams(next, this.#state.historyLimit)), next);
    }
  }

  /** @param {Question} question */
  #ask(question) {
    this.#queue.add(question);
    this.flush();
  }

  /** Private conversations are those of accounts. @param {Conversation} where */
  #isReadable(where) {
    const isKept = where.kind === 'room' || this.#state.account !== '';
    return isKept && this.#session.capabilities.has('draft/chathistory');
  }

  /** @param {Conversation} where @param {Question} question @param {Item[]} items */
  #page(where, question, items) {
    const { page, reactions } = this.#read(where, items);
    const { timeline } = where;
    if (question.way === 'latest') {
      addLatest(timeline, page);
    } else if (question.way === 'before') {
      addBefore(timeline, page);
    } else if (question.way === 'around') {
      addAround(timeline, page);
    } else if (!timeline.isJoined) {
      addAfter(timeline, page);
    }
    reactions.forEach((reaction) => react(timeline, reaction.id, reaction, reaction.isSet));
    if (timeline.isJoined && question.way !== 'before') {
      // The newest page does not tell what was kept before it.
      this.#end(where, question.way === 'after' || page.firstId === '');
    } else if (question.way === 'after' && where.isCatchingUp) {
      this.#goOn(where, page.lastId);
    }
    recount(where);
    where.revision += 1;
  }

  /** @param {Conversation} where @param {string} msgid */
  #goOn(where, msgid) {
    where.catchUpPages += 1;
    const isTooFar = where.catchUpPages >= CATCH_UP_PAGES;
    this.#ask({ target: where.name, way: isTooFar ? 'latest' : 'after', msgid: isTooFar ? '' : msgid });
  }

  /** @param {Conversation} where @param {Question} question @param {string} reason */
  #failed(where, question, reason) {
    if (question.way === 'after') {
      // The message is gone, by redaction or by age: no page can go on behind it.
      this.#ask({ target: where.name, way: 'latest', msgid: '' });
    } else if (question.way === 'latest') {
      this.#end(where, false);
    } else if (question.way === 'before') {
      where.timeline.isAtBeginning = true;
      where.timeline.revision += 1;
    } else {
      where.jumpTo = '';
      notify(this.#state, reason, { isError: true });
    }
  }

  /** @param {Conversation} where @param {boolean} isReadable */
  #end(where, isReadable) {
    if (!where.timeline.isJoined) {
      addAfter(where.timeline, NOTHING);
    }
    where.isCatchingUp = false;
    this.#outbox.settle(where.name, isReadable);
    if (this.#state.conversations.get(this.#state.current) !== where) {
      trim(where.timeline);
    }
  }

  /** @param {Conversation} where @param {Item[]} items */
  #read(where, items) {
    /** @type {Page} */
    const page = { messages: [], firstId: '', lastId: '' };
    const reactions = [];
    for (const item of items) {
      if (item.type !== 'line') {
        continue;
      }
      const { line } = item;
      const id = line.tags.get('msgid') ?? '';
      page.firstId ||= id;
      page.lastId = id || page.lastId;
      const reaction = line.command === 'TAGMSG' ? reactionOf(line) : null;
      const message = messageOf(this.#state, line);
      if (reaction) {
        reactions.push(reaction);
      } else if (message) {
        page.messages.push(message);
        if (message.isOwn && !where.timeline.byId.has(message.id)) {
          this.#outbox.found(where.name, line.params[1] ?? '');
        }
      }
    }
    return { page, reactions };
  }
}

/**
 * The people of an answer to CHATHISTORY TARGETS, with whom the account talked.
 * @param {import('../state/model.js').State} state
 * @param {Item[]} items
 * @returns {string[]}
 */
export function privateTargets(state, items) {
  const names = items.map((item) => (item.type === 'line' ? (item.line.params[1] ?? '') : ''));
  return names.filter((name) => name !== '' && !isRoom(name) && !isMe(state, name));
}
