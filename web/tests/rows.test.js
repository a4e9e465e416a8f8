import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInput } from '../client/commands.js';
import { splitText } from '../client/split.js';
import { byteLength } from '../irc/line.js';
import { rowsOf } from '../state/rows.js';
import { forSeeds } from './random.js';

const DAY = new Date(2026, 10, 23, 12).getTime();

/** @param {number} minutes @param {string} nick @param {Partial<import('../state/timeline.js').Message>} [more] */
function message(minutes, nick, more = {}) {
  const plain = { account: '', replyTo: '', isOwn: false, isMention: false, isRedacted: false, reactions: new Map(), revision: 0 };
  return { ...plain, id: `m${minutes}`, kind: /** @type {const} */ ('text'), time: DAY + minutes * 60_000, nick, text: 'x', ...more };
}

test('messages of one author stand together, unless something is between', () => {
  const rows = rowsOf(
    [
      message(0, 'ann'),
      message(1, 'ann'),
      message(2, 'bob'),
      message(3, 'bob', { replyTo: 'm1' }),
      message(10, 'bob'),
      message(11, 'bob', { kind: 'action' }),
      message(24 * 60, 'bob'),
    ],
    0,
    7,
    0,
  );
  assert.deepEqual(rows.map(({ isGrouped }) => isGrouped), [false, true, false, false, false, false, false]);
  assert.deepEqual(rows.map(({ day }) => day !== null), [true, false, false, false, false, false, true]);
});

test('one line parts what was read from what is new', () => {
  const messages = [message(0, 'ann'), message(1, 'bob'), message(2, 'bob')];
  assert.deepEqual(rowsOf(messages, 1, 3, DAY + 30_000).map(({ isFirstNew }) => isFirstNew), [true, false]);
});

test('a slash begins a command, two begin a slash', () => {
  assert.deepEqual(readInput('/join #a'), { type: 'run', name: 'join', rest: '#a' });
  assert.deepEqual(readInput('/J  #a '), { type: 'run', name: 'join', rest: '#a' });
  assert.deepEqual(readInput('/back'), { type: 'run', name: 'away', rest: '' });
  assert.deepEqual(readInput('//join'), { type: 'say', text: '/join' });
  assert.deepEqual(readInput('/usr/bin'), { type: 'say', text: '/usr/bin' });
  assert.deepEqual(readInput('/nonsense x'), { type: 'unknown', name: 'nonsense' });
});

test('a text in parts is the same text, and each part fits into a line', () => {
  forSeeds(200, (random) => {
    const text = random.text([...'abc  ', 'é', '🌻', '\n', 'word '], 900);
    const parts = splitText('PRIVMSG', '#room', text);
    const joined = parts.map((part, at) => (at === 0 || part.isContinued ? part.text : `\n${part.text}`)).join('');
    assert.equal(joined, text);
    for (const part of parts) {
      assert.ok(byteLength(`:${'n'.repeat(32)}!${'u'.repeat(16)}@${'h'.repeat(64)} PRIVMSG #room :${part.text}\r\n`) <= 512);
    }
  });
});
