import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../client/client.js';
import { conversation } from '../state/model.js';
import { FakeServer } from './fake_server.js';

/** The client, a server, and the lines between them, one at a time. */
class World {
  client = new Client(() => 0.5);
  server = new FakeServer();
  now = 0;
  /** Lines that have come, of both ways. */
  delivered = 0;
  /** How many of them before time went on by itself. */
  scripted = 0;
  /** @type {string[]} */
  #toServer = [];
  #isOpen = false;

  /** Does the next thing; false when nothing is to be done before a time comes. */
  step() {
    const action = this.client.pollAction();
    const { connection } = this.server;
    if (action?.type === 'open') {
      this.server.connect();
      this.#isOpen = true;
      this.client.handleOpen(this.now);
    } else if (action?.type === 'close') {
      this.#drop();
    } else if (action) {
      this.#toServer.push(action.text);
    } else if (this.#isOpen && this.#toServer.length > 0) {
      this.delivered += 1;
      connection?.receive(this.#toServer.shift() ?? '');
    } else if (this.#isOpen && connection && connection.out.length > 0) {
      this.delivered += 1;
      this.client.handleLine(connection.out.shift() ?? '', this.now);
    } else {
      return false;
    }
    return true;
  }

  /** All that follows, until there is quiet. */
  settle() {
    for (let steps = 0; this.step(); steps += 1) {
      assert.ok(steps < 10_000, 'the two never come to an end');
    }
  }

  /** Time goes on to the next thing that waits for it. */
  wait() {
    this.now = Math.max(this.now, this.client.pollTimeout());
    this.client.handleTimeout(this.now);
  }

  /** The connection breaks. What was sent has arrived or not. @param {boolean} hasArrived */
  cut(hasArrived) {
    if (!this.#isOpen) {
      return;
    }
    for (let action = this.client.pollAction(); action?.type === 'send'; action = this.client.pollAction()) {
      this.#toServer.push(action.text);
    }
    if (hasArrived) {
      this.#toServer.forEach((text) => this.server.connection?.receive(text));
    }
    this.#drop();
    this.client.handleClose(this.now);
  }

  #drop() {
    this.#isOpen = false;
    this.#toServer = [];
    this.server.connection = null;
  }
}

/** @param {World} world */
const room = (world) => conversation(world.client.state, '#room');
/** @param {World} world */
const seen = (world) => room(world).timeline.messages.map(({ text }) => text);

/** What people do, one after another. @type {((world: World) => void)[]} */
const SCRIPT = [
  ({ client, now }) => client.start({ nick: 'me' }, ['#room'], now),
  ({ server }) => server.say('bob', 'b1'),
  (world) => world.client.say(room(world), 'a1', '', world.now),
  ({ server }) => ['b2', 'b3', 'b4'].forEach((text) => server.say('bob', text)),
  (world) => world.client.say(room(world), 'a2\nin two lines', '', world.now),
  (world) => world.client.say(room(world), 'same', '', world.now),
  (world) => world.client.say(room(world), 'same', '', world.now),
  ({ server }) => ['b5', 'b6', 'b7', 'b8', 'b9'].forEach((text) => server.say('bob', text)),
  (world) => world.client.say(room(world), 'a3', '', world.now),
];

const OWN = ['a1', 'a2\nin two lines', 'same', 'same', 'a3'];

/**
 * What the author does about messages of which nobody can tell whether they arrived: looks, and sends what is not there.
 * @param {World} world
 */
function decide(world) {
  const count = (/** @type {string[]} */ texts, /** @type {string} */ text) => texts.filter((one) => one === text).length;
  for (const { id, text, state } of [...world.client.outbox.entries]) {
    assert.equal(state, 'failed');
    const kept = world.server.log.map((one) => one.text);
    if (count(kept, text) < count(OWN, text)) {
      world.client.retry(id);
    } else {
      world.client.discard(id);
    }
    world.settle();
  }
}

/** Plays the script with a cut before the given delivery. @param {number} cutAt @param {boolean} hasArrived */
function play(cutAt, hasArrived) {
  const world = new World();
  let isCut = false;
  const go = () => {
    if (!isCut && world.delivered >= cutAt) {
      isCut = true;
      world.cut(hasArrived);
    }
    return world.step();
  };
  for (const act of SCRIPT) {
    act(world);
    // Some of what follows is still under way when the next thing is done.
    for (let steps = 0; steps < 9 && go(); steps += 1);
  }
  while (go());
  world.scripted = world.delivered;
  for (let rounds = 0; rounds < 4; rounds += 1) {
    world.wait();
    while (go());
  }
  return world;
}

test('cut at any line: what is seen is what was kept, and each message was sent once', () => {
  const last = play(Infinity, false).scripted;
  assert.ok(last > 40, `only ${last} lines`);
  let decisions = 0;
  for (let cutAt = 1; cutAt <= last; cutAt += 1) {
    for (const hasArrived of [false, true]) {
      const world = play(cutAt, hasArrived);
      const what = `cut at ${cutAt}, sent lines ${hasArrived ? 'arrived' : 'lost'}`;
      const isDecided = world.client.outbox.entries.length > 0;
      decide(world);
      decisions += isDecided ? 1 : 0;
      const kept = world.server.log.map(({ text }) => text);
      // A line that was lost may be sent after what others said meanwhile; ours keep their order.
      const own = kept.filter((text) => !text.startsWith('b'));
      assert.deepEqual(isDecided ? own.sort() : own, isDecided ? [...OWN].sort() : OWN, what);
      const shown = seen(world);
      assert.deepEqual(shown, kept.slice(kept.length - shown.length), what);
      assert.ok(room(world).timeline.isJoined && shown.length >= 4, what);
      assert.deepEqual(world.client.outbox.entries, [], what);
    }
  }
  // Only where more was said meanwhile than one page has, after nothing at all, has the author to decide.
  assert.ok(decisions <= last / 8, `${decisions} of ${2 * last}`);
});

test('a long absence begins the timeline anew, without a gap', () => {
  const world = play(Infinity, false);
  world.cut(false);
  for (let at = 0; at < 500; at += 1) {
    world.server.say('bob', `later ${at}`);
  }
  world.wait();
  world.settle();
  const kept = world.server.log.map(({ text }) => text);
  assert.deepEqual(seen(world), kept.slice(-seen(world).length));
  world.client.older(room(world));
  world.settle();
  assert.deepEqual(seen(world), kept.slice(-2 * world.server.pageSize));
});

test('what is written without a connection waits, and goes when there is one', () => {
  const world = play(Infinity, false);
  world.cut(false);
  world.client.say(room(world), 'while away', '', world.now);
  assert.equal(world.client.outbox.entries[0]?.state, 'waiting');
  world.wait();
  world.settle();
  assert.equal(world.server.log.at(-1)?.text, 'while away');
  assert.deepEqual(world.client.outbox.entries, []);
});

test('a refusal stands beside the message that was refused', () => {
  const world = play(Infinity, false);
  world.client.say(room(world), 'quiet!', '', world.now);
  const [entry] = world.client.outbox.entries;
  world.client.handleLine(`@label=${entry?.label} :s 404 me #room :Cannot send to channel`, world.now);
  assert.deepEqual([entry?.state, entry?.error], ['failed', 'Cannot send to channel']);
  world.client.retry(entry?.id ?? '');
  assert.equal(world.client.outbox.entries[0]?.state, 'sent');
});

test('a room that lets us in no more: what waits for it says so', () => {
  const world = play(Infinity, false);
  world.cut(false);
  world.client.say(room(world), 'hello?', '', world.now);
  world.wait();
  while (world.client.session.status !== 'online') {
    world.step();
  }
  world.client.handleLine(':s 474 me #room :Cannot join channel (+b)', world.now);
  assert.deepEqual(world.client.outbox.entries.map(({ state }) => state), ['failed']);
  assert.deepEqual(world.client.state.notices.map(({ text }) => text), ['#room Cannot join channel (+b)']);
});

test('names that cannot be written in a line do no harm', () => {
  const world = play(Infinity, false);
  world.client.talkTo('bob smith, and others');
  world.client.join('no such\nroom');
  world.client.enter(room(world), '/quote JOIN #a:b :c d', '', world.now);
  world.client.enter(room(world), '/whois a b', '', world.now);
  world.settle();
  assert.deepEqual([...world.client.state.conversations.keys()], ['#room', 'bob', '#no']);
});

test('a server that does not answer is left, and tried again less and less often', () => {
  const world = play(Infinity, false);
  const waits = [];
  for (let tries = 0; tries < 9; tries += 1) {
    while (world.client.session.status !== 'waiting') {
      world.wait();
    }
    waits.push(Math.round(world.client.pollTimeout() - world.now));
    world.wait();
    while (world.client.pollAction());
  }
  assert.deepEqual(waits, [375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
});

test('unread: what others said after the marker, until it is read here or elsewhere', () => {
  const world = play(Infinity, false);
  world.client.state.current = '';
  for (const text of ['one', 'me: two', 'three']) {
    world.server.say('bob', text);
  }
  world.settle();
  assert.deepEqual([room(world).unread, room(world).mentions], [3, 1]);
  const time = new Date(room(world).timeline.messages.at(-2)?.time ?? 0).toISOString();
  world.client.handleLine(`:s MARKREAD #room timestamp=${time}`, world.now);
  assert.deepEqual([room(world).unread, room(world).mentions], [1, 0]);
  world.client.show(room(world));
  world.client.markRead(room(world));
  assert.equal(room(world).unread, 0);
});
