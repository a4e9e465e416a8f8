import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batches } from '../irc/batches.js';
import { parseLine } from '../irc/line.js';
import { BATCH_LINES, OPEN_BATCHES } from '../limits.js';

/** @param {string[]} lines */
function pushed(lines, batches = new Batches()) {
  return lines.flatMap((text) => batches.push(/** @type {import('../irc/line.js').Line} */ (parseLine(text))));
}

test('several lines are one message, with the tags of the batch', () => {
  const [item, ...others] = pushed([
    '@label=p7;msgid=m1;+draft/reply=m0 :ann!a@h BATCH +l draft/multiline #room',
    '@batch=l :ann!a@h PRIVMSG #room :one',
    '@batch=l :ann!a@h PRIVMSG #room :two',
    '@batch=l;draft/multiline-concat :ann!a@h PRIVMSG #room : and more',
    ':ann!a@h BATCH -l',
  ]);
  assert.deepEqual(others, []);
  assert.ok(item?.type === 'line');
  assert.equal(item.label, 'p7');
  assert.deepEqual(item.line.params, ['#room', 'one\ntwo and more']);
  assert.equal(item.line.tags.get('msgid'), 'm1');
  assert.equal(item.line.tags.get('+draft/reply'), 'm0');
});

test('an answer to a label comes line by line, with the label', () => {
  const items = pushed([
    '@label=p1 :s BATCH +d labeled-response',
    '@batch=d :ann!a@h JOIN #room',
    '@batch=d :s MARKREAD #room *',
    ':s BATCH -d',
    ':bob!b@h PRIVMSG #room :hello',
  ]);
  assert.deepEqual(items.map((item) => item.label), ['p1', 'p1', '']);
});

test('history is one piece, and may have messages of several lines in it', () => {
  const [item] = pushed([
    '@label=p2 :s BATCH +f chathistory #room',
    '@batch=f;msgid=m1 :ann!a@h PRIVMSG #room :one',
    '@batch=f;msgid=m2 :ann!a@h BATCH +g draft/multiline #room',
    '@batch=g :ann!a@h PRIVMSG #room :a',
    ':bob!b@h PRIVMSG #room :between',
    '@batch=g :ann!a@h PRIVMSG #room :b',
    ':ann!a@h BATCH -g',
    ':s BATCH -f',
  ]).slice(-1);
  assert.ok(item?.type === 'batch');
  assert.deepEqual(item.items.map((inner) => inner.type === 'line' && inner.line.params[1]), ['one', 'a\nb']);
  assert.equal(item.label, 'p2');
});

test('batches are bounded in number and in lines', () => {
  const batches = new Batches();
  for (let at = 0; at <= OPEN_BATCHES; at += 1) {
    pushed([`:s BATCH +${at} chathistory #room`], batches);
  }
  assert.deepEqual(pushed([`:s BATCH -${OPEN_BATCHES}`], batches), []);
  const line = '@batch=0 :a!a@h PRIVMSG #room :x';
  const [item] = pushed([...Array.from({ length: BATCH_LINES + 5 }, () => line), ':s BATCH -0'], batches);
  assert.ok(item?.type === 'batch' && item.items.length === BATCH_LINES);
});
