import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mentions, plainText, spansOf } from '../state/text.js';
import { forSeeds } from './random.js';

/** @param {string} text */
const links = (text) => spansOf(text).filter(({ link }) => link !== '').map(({ link }) => link);

test('formatting goes on and off (modern.ircdocs.horse/formatting)', () => {
  const spans = spansOf('a\x02b\x1dc\x0fd\x0304e\x03f\x11g');
  assert.deepEqual(
    spans.map(({ text, styles, foreground }) => [text, styles.join(), foreground]),
    [['a', '', null], ['b', 'bold', null], ['c', 'bold,italic', null], ['d', '', null], ['e', '', 4], ['f', '', null], ['g', 'mono', null]],
  );
  assert.deepEqual(spansOf('\x0301,01secret\x03 x').map(({ styles }) => styles.join()), ['spoiler', '']);
});

test('an address ends before the punctuation of its sentence', () => {
  assert.deepEqual(links('See https://a.example/x_(y). Or (http://b.example/?q=1), or https://c.example!'), [
    'https://a.example/x_(y)',
    'http://b.example/?q=1',
    'https://c.example',
  ]);
  assert.deepEqual(links('javascript:alert(1) data:text/html,x file:///etc/passwd nothttps://x'), []);
});

test('what turns the direction of text, and other control characters, is left out', () => {
  assert.equal(plainText('a\u202eb\x07c\x0312,3d'), 'abcd');
});

test('a name is a mention as a word of its own', () => {
  assert.ok(mentions('Ann: hello', 'ann') && mentions('hi @ann!', 'ann') && mentions('\x02ann\x02', 'ann') && mentions('ann', 'ann'));
  assert.ok(!mentions('annual', 'ann') && !mentions('joann', 'ann') && !mentions('été', 't') && !mentions('x', ''));
  assert.ok(mentions('annual, ann', 'ann'));
});

test('no text is lost in pieces, whatever it has', () => {
  const characters = [...'ab (),.:/_x', 'https://', '\x02', '\x1d', '\x0f', '\x03', '\x0304', '\x0304,05', '\x04ff00aa', '🌻', '\u202e', '\n'];
  forSeeds(3_000, (random) => {
    const text = random.text(characters, 30);
    assert.equal(spansOf(text).map((span) => span.text).join(''), plainText(text));
  });
});
