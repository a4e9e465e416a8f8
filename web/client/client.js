/**
 * The whole client without a screen: the connection, what waits, and what a person sees, held together.
 *
 * The shell feeds it what the socket and the clock say, does what `pollAction` tells, and draws `state`. Everything that
 * a person does is a method.
 */

import { HistoryQueue } from '../irc/history.js';
import { fold, isRoom } from '../irc/names.js';
import { Outbox } from '../irc/outbox.js';
import { Session } from '../irc/session.js';
import { apply } from '../state/apply.js';
import { conversation, currentConversation, emptyState, notify } from '../state/model.js';
import { WHO_FIELDS } from '../state/numerics.js';
import { cutOff, trim } from '../state/timeline.js';
import { newestTime, readUpTo, recount } from '../state/unread.js';
import { CatchUp, privateTargets } from './catch_up.js';
import { readInput } from './commands.js';
import { runCommand } from './run.js';
import { searchParams, takeAnswer } from './search.js';
import { sendReady } from './transmit.js';
import { Typing, expireTyping, nextExpiry } from './typing.js';

/** @typedef {import('../irc/batches.js').Item} Item */
/** @typedef {import('../irc/registration.js').Credentials} Credentials */
/** @typedef {import('../state/model.js').Conversation} Conversation */
/** @typedef {import('../state/timeline.js').Message} Message */

/**
 * What the shell may tell by sound, notification or a reader of the screen.
 * @typedef {{type: 'said', conversation: Conversation, message: Message}
 *   | {type: 'online'}
 *   | {type: 'refused', reason: string, field: string}} Alert
 */

export class Client {
  state = emptyState();
  outbox = new Outbox();
  session;
  /** Changes with everything that happens; tells a view to look. */
  revision = 0;
  /** Called when there may be something for `pollAction`; the shell sets it. */
  wake = () => {};
  #history = new HistoryQueue();
  #catchUp;
  /** Rooms to be in, after connecting. @type {string[]} */
  #rooms = [];
  /** Whether to go where one is invited, for who came by an invitation. */
  #followsInvitation = false;
  /** @type {Alert[]} */
  #alerts = [];
  #typing = new Typing();

  /** @param {() => number} random from 0 to 1 */
  constructor(random) {
    this.session = new Session(random);
    this.#catchUp = new CatchUp(this.state, this.session, this.#history, this.outbox);
  }

  /** Connects, and goes into rooms. @param {Credentials} credentials @param {string[]} rooms @param {number} now */
  start(credentials, rooms, now) {
    this.#rooms = rooms;
    this.#followsInvitation = (credentials.registration?.code ?? '*') !== '*';
    this.session.handleStart(credentials, now);
    this.#drain(now);
  }

  /** Says good-bye. @param {number} now */
  stop(now) {
    this.session.handleStop('left the page');
    this.#drain(now);
  }

  /** @param {number} now */
  handleOpen(now) {
    this.session.handleOpen(now);
    this.#drain(now);
  }

  /** @param {string} text @param {number} now */
  handleLine(text, now) {
    this.session.handleLine(text, now);
    this.#drain(now);
  }

  /** @param {number} now */
  handleClose(now) {
    this.session.handleClose(now);
    this.#drain(now);
  }

  /** @param {number} now */
  handleTimeout(now) {
    this.session.handleTimeout(now);
    expireTyping(this.state, now);
    this.#drain(now);
  }

  /** @param {number} now */
  handleNetworkChange(now) {
    this.session.handleNetworkChange(now);
    this.#drain(now);
  }

  pollAction() {
    return this.session.pollAction();
  }

  /** @returns {Alert | null} */
  pollAlert() {
    return this.#alerts.shift() ?? null;
  }

  /** When `handleTimeout` is to be called. */
  pollTimeout() {
    return Math.min(this.session.pollTimeout(), nextExpiry(this.state));
  }

  /** Rooms that one is in, or wants to be in. @returns {string[]} */
  rooms() {
    const open = [...this.state.conversations.values()].filter((where) => where.kind === 'room');
    const here = open.filter((where) => where.isOpen || where.isJoining).map((where) => where.name);
    return this.session.status === 'online' ? here : [...new Set([...here, ...this.#rooms])];
  }

  /**
   * Takes what was typed: a message, or a command; false when it must be kept where it was typed.
   * @type {(where: Conversation | null, input: string, replyTo: string, now: number) => boolean}
   */
  enter(where, input, replyTo, now) {
    const read = readInput(input.replace(/\r\n?/g, '\n').replace(/\n+$/, ''));
    if (read.type === 'unknown') {
      notify(this.state, `There is no command /${read.name}; /help shows those that there are.`, { isError: true });
    } else if (read.type === 'run') {
      runCommand(this, where, read.name, read.rest, now);
    } else if (where) {
      return this.say(where, read.text, replyTo, now);
    }
    this.#changed();
    return read.type === 'run';
  }

  /** Says something. @param {Conversation} where @param {string} text @param {string} replyTo @param {number} now @returns {boolean} */
  say(where, text, replyTo, now) {
    if (text.trim() === '') {
      return false;
    }
    const entry = this.outbox.add({ target: where.name, command: 'PRIVMSG', text, replyTo, time: now });
    if (!entry) {
      notify(this.state, 'Too many messages wait to be sent.', { isError: true });
      this.#changed();
      return false;
    }
    this.#typing.forget(where.name);
    this.newest(where);
    this.#flush();
    this.#changed();
    return true;
  }

  /** Sends a message that failed again. @param {string} id */
  retry(id) {
    this.outbox.retry(id);
    this.#flush();
    this.#changed();
  }

  /** Drops a message that failed or waits. @param {string} id */
  discard(id) {
    this.outbox.remove(id);
    this.#changed();
  }

  /** Tells others that we write, or no longer. @param {Conversation} where @param {boolean} isActive @param {number} now */
  typing(where, isActive, now) {
    if (this.session.status === 'online' && where.isOpen) {
      this.#typing.tell(this.session, where.name, isActive, now);
      this.wake();
    }
  }

  /** Reacts to a message, or takes the reaction back. @param {Conversation} where @param {Message} message @param {string} text */
  react(where, message, text) {
    const isSet = message.reactions.get(text)?.some((nick) => fold(nick) === fold(this.state.nick)) ?? false;
    const tag = isSet ? '+draft/unreact' : '+draft/react';
    this.command('TAGMSG', [where.name], [[tag, text], ['+draft/reply', message.id]]);
  }

  /** Takes a message back. @param {Conversation} where @param {Message} message */
  redact(where, message) {
    this.command('REDACT', [where.name, message.id]);
  }

  /** Goes into a room and shows it. @param {string} name */
  join(name) {
    const [first = '', key = ''] = name.trim().split(/[\s,]+/);
    const room = first.startsWith('#') ? first : `#${first}`;
    if (room === '#') {
      return;
    }
    const where = conversation(this.state, room);
    if (!where.isOpen && this.session.status === 'online') {
      where.isJoining = true;
      this.command('JOIN', key === '' ? [room] : [room, key]);
    } else if (!where.isOpen) {
      this.#rooms.push(room);
    }
    this.show(where);
  }

  /** Leaves a room, or closes what was said with a person. @param {Conversation} where @param {string} [reason] */
  leave(where, reason = '') {
    if (where.kind === 'room' && where.isOpen) {
      this.command('PART', reason === '' ? [where.name] : [where.name, reason]);
    } else if (where.kind === 'person') {
      this.session.send('MONITOR', ['-', where.name]);
    }
    this.#rooms = this.#rooms.filter((name) => fold(name) !== fold(where.name));
    this.state.conversations.delete(fold(where.name));
    if (this.state.current === fold(where.name)) {
      this.state.current = '';
    }
    this.state.revision += 1;
    this.#changed();
  }

  /** Opens what is said with one person. @param {string} nick */
  talkTo(nick) {
    const [name = ''] = nick.trim().split(/[\s,]+/);
    if (name !== '' && !isRoom(name)) {
      const where = conversation(this.state, name);
      this.#meet(where);
      this.show(where);
    }
  }

  /** Puts a conversation on the screen. @param {Conversation} where */
  show(where) {
    const before = currentConversation(this.state);
    if (before && before !== where) {
      before.dividerAt = 0;
      trim(before.timeline);
    }
    if (before !== where) {
      where.dividerAt = where.unread > 0 ? where.readUpTo : 0;
    }
    this.state.current = fold(where.name);
    this.state.revision += 1;
    this.#askMembers(where);
    this.#changed();
  }

  /** The end of a conversation is on the screen. @param {Conversation} where */
  atEnd(where) {
    trim(where.timeline);
    if (this.state.isSeen) {
      this.markRead(where);
    }
  }

  /** The newest of a conversation was seen. @param {Conversation} where */
  markRead(where) {
    const time = newestTime(where);
    if (time > 0 && where.timeline.isJoined && readUpTo(where, time)) {
      recount(where);
      if (this.session.status === 'online' && this.session.capabilities.has('draft/read-marker')) {
        this.session.send('MARKREAD', [where.name, `timestamp=${new Date(time).toISOString()}`]);
      }
      this.#changed();
    }
  }

  /** @param {Conversation} where */
  older(where) {
    this.#catchUp.older(where);
    this.wake();
  }

  /** @param {Conversation} where */
  newer(where) {
    this.#catchUp.newer(where);
    this.wake();
  }

  /** @param {Conversation} where */
  newest(where) {
    this.#catchUp.newest(where);
    this.wake();
  }

  /** Shows an old message in its place. @param {string} target @param {string} msgid */
  jump(target, msgid) {
    const where = conversation(this.state, target);
    this.show(where);
    this.#catchUp.around(where, msgid);
    this.#changed();
  }

  /** Asks for the rooms of the server. */
  listRooms() {
    this.state.list = { rooms: [], isComplete: false };
    this.command('LIST', []);
  }

  /** Asks what the server's kernel knows of the connection. */
  askTransport() {
    if (this.session.status === 'online') {
      this.command('TRANSPORT', []);
    }
  }

  /** Searches; in all conversations when `target` is `''`. @param {string} text @param {string} target */
  search(text, target) {
    const label = this.session.ask('SEARCH', searchParams(text, target));
    this.state.search = { text, label, state: 'asked', error: '', results: [] };
    this.state.revision += 1;
    this.#changed();
  }

  /** @param {Conversation} where @param {string} topic */
  setTopic(where, topic) {
    this.command('TOPIC', [where.name, topic]);
  }

  /** @param {string} nick */
  setNick(nick) {
    this.command('NICK', [nick]);
  }

  /** @param {string} reason `''`: back */
  setAway(reason) {
    this.command('AWAY', reason === '' ? [] : [reason]);
  }

  /** @param {number} id */
  dismiss(id) {
    this.state.notices = this.state.notices.filter((notice) => notice.id !== id);
    this.state.revision += 1;
    this.#changed();
  }

  /** Sends a command, or says that it cannot be. @param {string} command @param {string[]} params @param {[string, string][]} [tags] */
  command(command, params, tags = []) {
    if (this.session.status !== 'online') {
      notify(this.state, 'There is no connection at present.', { isError: true });
    } else {
      try {
        this.session.send(command, params, tags);
      } catch (error) {
        notify(this.state, error instanceof Error ? error.message : String(error), { isError: true });
      }
    }
    this.#changed();
  }

  /** @param {number} now */
  #drain(now) {
    for (let event = this.session.pollEvent(); event; event = this.session.pollEvent()) {
      if (event.type === 'item') {
        this.#handleItem(event.item, now);
      } else if (event.type === 'online') {
        this.#online(event.nick);
        this.#alerts.push({ type: 'online' });
      } else if (event.type === 'lost') {
        this.#lost();
      } else {
        this.#alerts.push(event);
      }
    }
    this.#flush();
    this.#changed();
  }

  /** @param {string} nick */
  #online(nick) {
    this.state.nick = nick;
    const rooms = this.rooms().concat(this.#rooms);
    this.#rooms = [];
    for (const name of new Set(rooms.map(fold))) {
      const room = conversation(this.state, rooms.find((one) => fold(one) === name) ?? name);
      room.isOpen = false;
      room.isJoining = true;
      this.session.send('JOIN', [room.name]);
    }
    for (const where of this.state.conversations.values()) {
      if (where.kind === 'person') {
        where.isMarkerKnown = false;
        this.#meet(where);
      }
    }
    if (this.state.account !== '' && this.session.capabilities.has('draft/chathistory')) {
      const since = 'timestamp=1970-01-01T00:00:00.000Z';
      this.session.send('CHATHISTORY', ['TARGETS', since, `timestamp=${new Date().toISOString()}`, '50']);
    }
  }

  #lost() {
    this.#rooms = this.rooms();
    this.outbox.lost();
    this.#history.clear();
    this.#typing.clear();
    this.state.account = '';
    for (const where of this.state.conversations.values()) {
      cutOff(where.timeline);
      where.typing.clear();
      where.membersState = 'unknown';
    }
  }

  /** @param {Item} item @param {number} now */
  #handleItem(item, now) {
    if (this.#catchUp.handleAnswer(item.label, item) || takeAnswer(this.state, item)) {
      return;
    }
    if (item.type === 'batch') {
      if (item.name === 'draft/chathistory-targets') {
        privateTargets(this.state, item.items).forEach((name) => this.#meet(conversation(this.state, name)));
      } else {
        item.items.forEach((inner) => this.#handleItem(inner, now));
      }
      return;
    }
    const { line, label } = item;
    const isRefusal = line.command === 'FAIL' || /^[45]\d\d$/.test(line.command);
    if (label !== '' && isRefusal && this.outbox.refused(label, line.params.at(-1) ?? '')) {
      return;
    }
    if (label !== '' && !isRefusal) {
      this.outbox.acknowledged(label);
    }
    if (/^4\d\d$/.test(line.command)) {
      this.#joinRefused(line.params[1] ?? '');
    }
    apply(this.state, line, now).forEach((effect) => this.#effect(effect));
  }

  /** @param {import('../state/apply.js').Effect} effect */
  #effect(effect) {
    if (effect.type === 'joined') {
      this.#catchUp.begin(effect.room);
      if (this.state.current === '' || this.state.current === fold(effect.room.name)) {
        this.show(effect.room);
      }
    } else if (effect.type === 'invited') {
      if (this.#followsInvitation) {
        this.#followsInvitation = false;
        this.state.notices = this.state.notices.filter((notice) => notice.room !== effect.room);
        this.join(effect.room);
      }
    } else {
      if (effect.conversation.kind === 'person') {
        this.#meet(effect.conversation);
      }
      this.#alerts.push(effect);
    }
  }

  /** Asks once for what there is of a conversation with a person. @param {Conversation} where */
  #meet(where) {
    if (where.isMarkerKnown || this.session.status !== 'online') {
      return;
    }
    where.isMarkerKnown = true;
    this.session.send('MONITOR', ['+', where.name]);
    if (this.state.account !== '' && this.session.capabilities.has('draft/read-marker')) {
      this.session.send('MARKREAD', [where.name]);
    }
    this.#catchUp.begin(where);
  }

  /** @param {string} name */
  #joinRefused(name) {
    const room = this.state.conversations.get(fold(name));
    if (room?.isJoining) {
      room.isJoining = false;
      this.outbox.giveUp(room.name, `You are not in ${room.name}.`);
      this.state.revision += 1;
    }
  }

  /** @param {Conversation} where */
  #askMembers(where) {
    if (where.kind === 'room' && where.isOpen && where.membersState === 'unknown' && this.session.status === 'online') {
      where.membersState = 'asked';
      this.session.send('WHO', [where.name, WHO_FIELDS]);
    }
  }

  /** Sends what waits. */
  #flush() {
    if (this.session.status === 'online') {
      sendReady(this.session, this.outbox, this.state);
    }
  }

  #changed() {
    this.revision += 1;
    this.wake();
  }
}
