import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../irc/session.js';

const OFFER = 'batch echo-message labeled-response message-tags server-time sasl=PLAIN draft/account-registration';
const ASKED = 'batch echo-message labeled-response message-tags server-time draft/account-registration sasl';

/**
 * A session that is opened, and what it said so far.
 * @param {import('../irc/registration.js').Credentials} credentials
 */
function opened(credentials) {
  const session = new Session(() => 0);
  session.handleStart(credentials, 0);
  session.handleOpen(0);
  return { session, said: () => said(session), hears: (/** @type {string[]} */ ...lines) => lines.forEach((line) => session.handleLine(line, 0)) };
}

/** @param {Session} session */
function said(session) {
  const lines = [];
  for (let action = session.pollAction(); action; action = session.pollAction()) {
    lines.push(action.type === 'send' ? action.text : action.type);
  }
  return lines;
}

/** @param {Session} session */
function events(session) {
  const list = [];
  for (let event = session.pollEvent(); event; event = session.pollEvent()) {
    list.push(event.type);
  }
  return list;
}

test('a guest needs a name only', () => {
  const { session, said, hears } = opened({ nick: 'ann' });
  assert.deepEqual(said(), ['open', 'CAP LS 302', 'NICK ann', 'USER web 0 * ann']);
  hears('CAP * LS * :batch echo-message', 'CAP * LS :labeled-response message-tags server-time draft/account-registration sasl');
  assert.deepEqual(said(), [`CAP REQ :${ASKED}`]);
  hears(`CAP * ACK :${ASKED}`);
  assert.deepEqual(said(), ['CAP END']);
  hears(':s 001 ann :Welcome');
  assert.deepEqual(events(session), ['online']);
  assert.equal(session.status, 'online');
});

test('who has an account says the name after logging in, for nobody else may have it', () => {
  const { said, hears } = opened({ nick: 'ann', account: { name: 'ann', password: 'pässword' } });
  assert.deepEqual(said(), ['open', 'CAP LS 302', 'USER web 0 * ann']);
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`, 'AUTHENTICATE +');
  const plain = Buffer.from('\0ann\0pässword').toString('base64');
  assert.deepEqual(said(), [`CAP REQ :${ASKED}`, 'AUTHENTICATE PLAIN', `AUTHENTICATE ${plain}`]);
  hears(':s 903 * :ok');
  assert.deepEqual(said(), ['NICK ann', 'CAP END']);
});

test('a password of 300 bytes comes in pieces (IRCv3 sasl-3.1)', () => {
  const { said, hears } = opened({ nick: 'a', account: { name: 'a', password: 'x'.repeat(297) } });
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`, 'AUTHENTICATE +');
  assert.deepEqual(said().slice(-2).map((line) => line.length), ['AUTHENTICATE '.length + 400, 'AUTHENTICATE +'.length]);
});

test('an invitation makes the account, and the next connection logs in to it', () => {
  const { session, said, hears } = opened({ nick: 'ann', registration: { code: 'c0de', password: 'secret-secret' } });
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`);
  assert.equal(said().at(-1), 'REGISTER * c0de secret-secret');
  hears(':s REGISTER SUCCESS ann :done', ':s 001 ann :Welcome');
  assert.deepEqual(events(session), ['online']);
  session.handleClose(0);
  session.handleTimeout(session.pollTimeout());
  session.handleOpen(0);
  assert.ok(said().at(-1) === 'USER web 0 * ann');
});

test('a connection that breaks before REGISTER was answered: the account may be there already', () => {
  const { session, said, hears } = opened({ nick: 'ann', registration: { code: 'c0de', password: 'secret-secret' } });
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`);
  session.handleClose(0);
  session.handleTimeout(session.pollTimeout());
  session.handleOpen(0);
  hears(':s 433 * ann :Nickname is in use');
  assert.equal(session.status, 'waiting');
  session.handleTimeout(session.pollTimeout());
  session.handleOpen(0);
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`);
  assert.equal(said().at(-1), 'AUTHENTICATE PLAIN');
});

test('what is refused for good is not tried again', () => {
  /** @type {[import('../irc/registration.js').Credentials, string[], string][]} */
  const cases = [
    [{ nick: 'ann' }, [':s 433 * ann :Nickname is in use'], 'nick'],
    [{ nick: 'ann', account: { name: 'ann', password: 'x' } }, [`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`, ':s 904 * :no'], 'password'],
    [
      { nick: 'ann', registration: { code: 'x', password: 'secret-secret' } },
      [`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`, ':s FAIL REGISTER INVALID_CODE ann :no such code'],
      'code',
    ],
    [{ nick: 'ann' }, ['CAP * LS :batch'], ''],
  ];
  for (const [credentials, lines, field] of cases) {
    const { session, hears } = opened(credentials);
    hears(...lines);
    const event = session.pollEvent();
    assert.ok(event?.type === 'refused' && event.field === field, field);
    assert.equal(session.pollTimeout(), Infinity);
  }
});

test('after a lost connection another name is better than none', () => {
  const { session, said, hears } = opened({ nick: 'ann' });
  hears(`CAP * LS :${OFFER}`, `CAP * ACK :${ASKED}`, ':s 001 ann :Welcome');
  session.handleClose(0);
  session.handleTimeout(session.pollTimeout());
  session.handleOpen(0);
  hears(':s 433 * ann :Nickname is in use');
  assert.equal(said().at(-1), 'NICK ann_1');
});
