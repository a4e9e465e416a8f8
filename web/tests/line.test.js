import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeTag, formatLine, nickOf, parseLine, unescapeTag } from '../irc/line.js';
import { forSeeds } from './random.js';

const WORD = [...'abZ09#-_:é🌻~'];
const TEXT = [...WORD, ' ', ';', '\\', '=', ','];

test('a line has tags, a source, a command and parameters', () => {
  const line = parseLine('@time=2026-11-23T01:05:09.390Z;+draft/reply=a\\sb;bot :ann!a@host PRIVMSG #garden :two words');
  assert.deepEqual(line, {
    tags: new Map([['time', '2026-11-23T01:05:09.390Z'], ['+draft/reply', 'a b'], ['bot', '']]),
    source: 'ann!a@host',
    command: 'PRIVMSG',
    params: ['#garden', 'two words'],
  });
  assert.equal(nickOf('ann!a@host'), 'ann');
  assert.equal(nickOf('helio.local'), 'helio.local');
});

test('what is no line of IRC is told apart', () => {
  for (const text of ['', '   ', ':only.a.source', '@tags=only', '12 x', 'PRIV-MSG x', '@a=b :c']) {
    assert.equal(parseLine(text), null, text);
  }
  assert.deepEqual(parseLine('ping  a   :b c  ')?.params, ['a', 'b c  ']);
  assert.deepEqual(parseLine('PING :')?.params, ['']);
});

test('IRCv3 message-tags: a backslash before any other character, or at the end, is dropped', () => {
  assert.equal(unescapeTag('\\:\\s\\\\\\r\\n\\b\\'), '; \\\r\nb');
});

test('no text makes two lines of one', () => {
  assert.throws(() => formatLine('PRIVMSG', ['#a', 'x\r\nQUIT']), RangeError);
  assert.throws(() => formatLine('JOIN', ['#a b', 'key']), RangeError);
  assert.throws(() => formatLine('JOIN', ['', 'key']), RangeError);
  assert.equal(formatLine('PRIVMSG', ['#a', 'x'], [['k', 'a\r\nb;c']]), '@k=a\\r\\nb\\:c PRIVMSG #a x');
});

test('what is written is read again', () => {
  forSeeds(2_000, (random) => {
    const tags = new Map(Array.from({ length: random.below(4) }, (_, at) => [`+k/${at}`, random.text([...TEXT, '\r', '\n'], 8)]));
    const middle = Array.from({ length: random.below(4) }, () => `x${random.text(WORD, 6)}`);
    const params = [...middle, random.text(TEXT, 12)];
    const command = random.pick(['PRIVMSG', 'TAGMSG', '001', 'CAP']);
    const text = formatLine(command, params, tags);
    assert.ok(!/[\r\n\0]/.test(text));
    assert.deepEqual(parseLine(text), { tags, source: '', command, params });
  });
});

test('nothing that comes is an error', () => {
  forSeeds(5_000, (random) => {
    const text = random.text([...TEXT, '@', ':', ' ', '\r', '\n', '\0', '+', '1'], 40);
    const line = parseLine(text);
    assert.ok(line === null || /^([A-Z]+|\d{3})$/.test(line.command));
    assert.equal(unescapeTag(escapeTag(text)), text);
  });
});
