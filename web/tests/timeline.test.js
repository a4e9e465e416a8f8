import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addAfter,
  addAround,
  addBefore,
  addLatest,
  addLive,
  cutOff,
  emptyTimeline,
  leavePresent,
  newestId,
  oldestId,
  react,
  redact,
  trim,
} from '../state/timeline.js';
import { TIMELINE_KEPT, TIMELINE_TAIL } from '../limits.js';
import { forSeeds } from './random.js';

/** @param {number} at @returns {import('../state/timeline.js').Message} */
function message(at) {
  const plain = { account: '', kind: /** @type {const} */ ('text'), replyTo: '', isOwn: false, isMention: false, isRedacted: false };
  return { ...plain, id: `m${at}`, time: at, nick: 'ann', text: `${at}`, reactions: new Map(), revision: 0 };
}

/** @param {number[]} numbers @returns {import('../state/timeline.js').Page} */
const page = (numbers) => ({ messages: numbers.map(message), firstId: id(numbers[0]), lastId: id(numbers.at(-1)) });
/** @param {number | undefined} at */
const id = (at) => (at === undefined ? '' : `m${at}`);
/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);

/**
 * A server's log is what numbers from 0 there are; a reader pages through it, jumps, loses the connection and hears
 * what is new, in any order. What the reader has is always a piece of the log without gap or double.
 */
test('whatever happens, a timeline is a piece of the log', () => {
  forSeeds(60, (random) => {
    const timeline = emptyTimeline();
    let end = random.below(60);
    for (let step = 0; step < 80; step += 1) {
      const size = 1 + random.below(12);
      const newest = newestId(timeline) === '' ? -1 : Number(newestId(timeline).slice(1));
      const oldest = oldestId(timeline) === '' ? end : Number(oldestId(timeline).slice(1));
      switch (random.below(7)) {
        case 0:
        case 1:
          addLive(timeline, message(end));
          end += 1;
          break;
        case 2:
          addLatest(timeline, page(range(Math.max(0, end - size), end)));
          break;
        case 3:
          if (oldestId(timeline) !== '') {
            addBefore(timeline, page(range(Math.max(0, oldest - size), oldest)));
          }
          break;
        case 4:
          if (!timeline.isJoined && newest >= 0) {
            addAfter(timeline, page(range(newest + 1, Math.min(end, newest + 1 + size))));
          }
          break;
        case 5:
          // What is said while there is no connection is not heard.
          cutOff(timeline);
          end += random.below(20);
          break;
        default:
          if (end > 0) {
            const middle = random.below(end);
            addAround(timeline, page(range(Math.max(0, middle - size), Math.min(end, middle + size))));
          }
      }
      const numbers = timeline.messages.map((one) => one.time);
      const first = numbers[0] ?? 0;
      assert.deepEqual(numbers, range(first, first + numbers.length));
      assert.equal(timeline.byId.size, numbers.length + timeline.tail.length);
      if (timeline.isJoined && numbers.length > 0) {
        assert.equal(numbers.at(-1), end - 1);
        assert.deepEqual(timeline.tail, []);
      }
    }
  });
});

test('live messages wait until the pages reach them', () => {
  const timeline = emptyTimeline();
  addLatest(timeline, page([0, 1, 2]));
  leavePresent(timeline);
  addLive(timeline, message(7));
  addAfter(timeline, page([3, 4]));
  assert.ok(!timeline.isJoined);
  addAfter(timeline, page([5, 6, 7]));
  assert.ok(timeline.isJoined);
  assert.deepEqual(timeline.messages.map((one) => one.time), range(0, 8));
});

test('a page of reactions only leads on', () => {
  const timeline = emptyTimeline();
  addLatest(timeline, page([0]));
  leavePresent(timeline);
  addAfter(timeline, { messages: [], firstId: 'm1', lastId: 'm5' });
  assert.ok(!timeline.isJoined);
  assert.equal(newestId(timeline), 'm5');
});

test('a reaction may come before its message is loaded', () => {
  const timeline = emptyTimeline();
  addLatest(timeline, page([5]));
  react(timeline, 'm3', { text: '👍', nick: 'bob' }, true);
  react(timeline, 'm5', { text: '👍', nick: 'bob' }, true);
  react(timeline, 'm5', { text: '👍', nick: 'bob' }, true);
  addBefore(timeline, page([3, 4]));
  assert.deepEqual(timeline.byId.get('m3')?.reactions, new Map([['👍', ['bob']]]));
  assert.deepEqual(timeline.byId.get('m5')?.reactions, new Map([['👍', ['bob']]]));
  react(timeline, 'm5', { text: '👍', nick: 'bob' }, false);
  assert.equal(timeline.byId.get('m5')?.reactions.size, 0);
});

test('what is redacted has no text any more', () => {
  const timeline = emptyTimeline();
  addLatest(timeline, page([1]));
  assert.equal(redact(timeline, 'm9'), null);
  assert.equal(redact(timeline, 'm1')?.text, '');
});

test('bounds: old messages and waiting ones go, and come again by history', () => {
  const timeline = emptyTimeline();
  range(0, TIMELINE_TAIL + 10).forEach((at) => addLive(timeline, message(at)));
  assert.equal(timeline.tail.length, TIMELINE_TAIL);
  const long = emptyTimeline();
  addLatest(long, page(range(0, TIMELINE_KEPT * 2)));
  trim(long);
  assert.equal(long.messages.length, TIMELINE_KEPT);
  assert.equal(long.byId.size, TIMELINE_KEPT);
  assert.equal(oldestId(long), `m${TIMELINE_KEPT}`);
});
