/**
 * The page in a real browser, against a real server: two pages and one IRC client in a room.
 *
 * `HELIO_PROGRAM` is the server's program, `HELIO_WEB_TOOLS` a directory with playwright-core and axe-core; Chromium is
 * `HELIO_CHROMIUM`, or Debian's.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const required = (/** @type {string} */ name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set`);
  return value;
};
const program = required('HELIO_PROGRAM');
const tools = createRequire(join(required('HELIO_WEB_TOOLS'), 'package.json'));
const { chromium } = tools('playwright-core');
const axe = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env['HELIO_CHROMIUM'] ?? '/usr/bin/chromium';
const PATIENCE_MS = 20_000;

/** The server, at addresses that stay over a restart. */
class Server {
  directory = mkdtempSync(join(tmpdir(), 'helio-page-'));
  web = '';
  /** @type {string} */
  irc = '';
  /** @type {import('node:child_process').ChildProcess | null} */
  #process = null;

  async start() {
    const listen = (/** @type {string} */ address) => (address === '' ? '127.0.0.1:0' : address);
    const child = spawn(
      program,
      [
        ...['serve', '--services', 'chat', '--data-dir', this.directory],
        ...['--chat-listen', listen(this.irc), '--web-listen', listen(this.web)],
        ...['--chat-tls-listen', '127.0.0.1:0', '--line-listen', '127.0.0.1:0'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    let said = '';
    await new Promise((resolve, reject) => {
      const hear = (/** @type {Buffer} */ chunk) => {
        said += chunk;
        const [, irc] = /chat +tcp:\/\/(\S+)/.exec(said) ?? [];
        const [, web] = /ws:\/\/(\S+)\s/.exec(said) ?? [];
        if (irc && web) {
          [this.irc, this.web] = [irc, web];
          resolve(null);
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('exit', (code) => reject(new Error(`helio ended with ${code}: ${said}`)));
    });
  }

  async stop() {
    const child = this.#process;
    this.#process = null;
    await new Promise((resolve) => {
      child?.removeAllListeners('exit');
      child?.on('exit', resolve);
      child?.kill('SIGTERM');
    });
  }
}

/** Somebody with another client. */
class IrcClient {
  #socket;
  #heard = '';
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {string} address @param {string} nick @param {string} capabilities */
  constructor(address, nick, capabilities) {
    const [host = '', port = ''] = address.split(':');
    this.#socket = connect(Number(port), host);
    this.#socket.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      this.#heard += text;
      this.#waiting.splice(0).forEach((wake) => wake());
    });
    this.say(`CAP REQ :${capabilities}`, `NICK ${nick}`, `USER ${nick} 0 * ${nick}`, 'CAP END');
  }

  /** @param {...string} lines */
  say(...lines) {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''));
  }

  /** @param {RegExp} pattern */
  async hear(pattern) {
    for (;;) {
      const found = pattern.exec(this.#heard);
      if (found) {
        return found;
      }
      await new Promise((resolve) => this.#waiting.push(() => resolve(null)));
    }
  }

  close() {
    this.#socket.destroy();
  }
}

const server = new Server();
/** @type {any} */
let browser;
/** What the pages complained about. @type {string[]} */
const complaints = [];

before(async () => {
  await server.start();
  browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
});

after(async () => {
  await browser?.close();
  await server.stop();
  rmSync(server.directory, { recursive: true, force: true });
});

/** A page of a browser of its own. @param {object} [options] @returns {Promise<any>} */
async function newPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('pageerror', (/** @type {Error} */ error) => complaints.push(`${error.stack}`));
  page.on('console', (/** @type {any} */ message) => {
    // That a server does not answer while it is restarted is no fault of the page.
    if (message.type() === 'error' && !/WebSocket connection/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on('request', (/** @type {any} */ request) => {
    if (!/^(https?|wss?):\/\/127\.0\.0\.1:/.test(request.url())) {
      complaints.push(`asked for ${request.url()}`);
    }
  });
  await page.goto(`http://${server.web}/`);
  return page;
}

/** Comes in as a guest, and goes into a room. @param {any} page @param {string} nick @param {string} room */
async function comeIn(page, nick, room) {
  await page.getByLabel('Name').fill(nick);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show the rooms' }).click();
  await page.getByLabel('Go into a room').fill(room);
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: `Message to ${room}` }).waitFor();
}

/** @param {any} page @param {string} text */
async function say(page, text) {
  await page.getByRole('textbox', { name: /^Message to/ }).fill(text);
  await page.keyboard.press('Enter');
}

/** The message with this text, as others see it. @param {any} page @param {string} text */
const message = (page, text) =>
  page.locator('article:not(.outgoing)').filter({ has: page.locator('.body').filter({ hasText: text }) });

/** Nothing that a checker of accessibility complains about. @param {any} page @param {string} where */
async function isAccessible(page, where) {
  // Not as a script of the page, which its policy would refuse.
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await /** @type {any} */ (globalThis).axe.run();
    return found.map((/** @type {any} */ one) => `${one.id}: ${one.nodes.map((/** @type {any} */ node) => node.html).join(' | ')}`);
  });
  assert.deepEqual(violations, [], where);
}

test('people talk: messages, replies, reactions, deleting, several lines, typing', async () => {
  const [ann, bob] = [await newPage(), await newPage({ colorScheme: 'dark' })];
  await comeIn(ann, 'ann', '#garden');
  await comeIn(bob, 'bob', '#garden');
  const carl = new IrcClient(server.irc, 'carl', 'message-tags echo-message');
  carl.say('JOIN #garden');
  await carl.hear(/ 366 /);

  await say(ann, 'The tomatoes are ripe');
  await message(bob, 'The tomatoes are ripe').waitFor();
  await carl.hear(/PRIVMSG #garden :The tomatoes are ripe/);
  carl.say('PRIVMSG #garden :<b>hello</b> \x02bold\x02 https://example.org/x.');
  await message(ann, '<b>hello</b> bold').waitFor();
  assert.equal(await message(ann, 'hello').locator('a').getAttribute('href'), 'https://example.org/x');

  await message(bob, 'tomatoes').hover();
  await bob.getByRole('button', { name: 'Reply' }).click();
  await say(bob, 'I take two');
  await message(ann, 'I take two').locator('.quote', { hasText: 'tomatoes' }).waitFor();

  await message(bob, 'tomatoes').hover();
  await bob.getByRole('button', { name: 'React' }).click();
  await bob.getByRole('button', { name: '🎉' }).click();
  await message(ann, 'tomatoes').first().getByRole('button', { name: '🎉, bob' }).waitFor();
  await message(bob, 'tomatoes').first().getByRole('button', { name: '🎉, bob' }).click();
  await message(ann, 'tomatoes').first().getByRole('button', { name: '🎉, bob' }).waitFor({ state: 'detached' });

  await ann.getByRole('textbox', { name: /^Message to/ }).fill('one');
  await ann.keyboard.press('Shift+Enter');
  await ann.keyboard.type('two');
  await ann.keyboard.press('Enter');
  await message(bob, 'one\ntwo').waitFor();

  await bob.getByRole('textbox', { name: /^Message to/ }).pressSequentially('hm');
  await ann.getByText('bob is typing…').waitFor();

  await say(ann, 'oops, a secret');
  await message(bob, 'oops').waitFor();
  await message(ann, 'oops').hover();
  await ann.getByRole('button', { name: 'Delete' }).click();
  await ann.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await message(bob, 'This message was deleted.').waitFor();
  assert.equal(await message(bob, 'oops').count(), 0);

  await isAccessible(ann, 'a room');
  await isAccessible(bob, 'a room, dark');
  carl.close();
  await ann.context().close();
  await bob.context().close();
});

test('a server that is restarted: the page comes back, nothing is missing, what was written is sent once', async () => {
  const ann = await newPage();
  await comeIn(ann, 'anna', '#shed');
  await say(ann, 'before');
  await message(ann, 'before').waitFor();
  await server.stop();
  await ann.getByText('Reconnecting…').waitFor();
  await say(ann, 'while nobody is there');
  await ann.getByText('Waits for the connection').waitFor();
  await server.start();
  await message(ann, 'while nobody is there').waitFor();
  const dora = new IrcClient(server.irc, 'dora', 'batch draft/chathistory');
  dora.say('JOIN #shed', 'CHATHISTORY LATEST #shed * 10');
  await dora.hear(/BATCH \+[\s\S]*while nobody[\s\S]*BATCH -/);
  const texts = await ann.locator('article .body').allTextContents();
  assert.deepEqual(texts, ['before', 'while nobody is there']);
  dora.close();
  await ann.context().close();
});

test('an account on two devices: unread counts and markers go together, private conversations are there', async () => {
  const first = await newPage();
  await first.getByLabel('New account').check();
  await first.getByLabel('Name').fill('emil');
  await first.getByLabel('Password').fill('correct horse');
  await first.keyboard.press('Enter');
  await first.getByText('logged in').waitFor();
  const second = await newPage({ viewport: { width: 375, height: 700 } });
  await second.getByLabel('Log in').check();
  await second.getByLabel('Name').fill('emil');
  await second.getByLabel('Password').fill('wrong horse');
  await second.keyboard.press('Enter');
  await second.getByText('Logging in failed').waitFor();
  await second.getByLabel('Password').fill('correct horse');
  await second.keyboard.press('Enter');
  await second.getByRole('button', { name: 'Conversations' }).click();

  const fritz = new IrcClient(server.irc, 'fritz', 'echo-message');
  fritz.say('PRIVMSG emil :are you there?');
  await second.getByRole('button', { name: /fritz.*1 for you/ }).waitFor();
  await first.getByRole('button', { name: /^fritz/ }).click();
  await message(first, 'are you there?').waitFor();
  await second.getByRole('button', { name: /^fritz$/ }).waitFor();
  await say(first, 'yes');
  await fritz.hear(/PRIVMSG fritz :yes/);
  await second.getByRole('button', { name: /^fritz/ }).click();
  await message(second, 'yes').waitFor();
  await isAccessible(second, 'a private conversation on a phone');
  assert.ok(await second.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  fritz.close();
  await first.context().close();
  await second.context().close();
});

test('an invitation: a name is enough, and the browser is known again', async () => {
  const { stdout } = spawnSync(program, ['invite', '--uses', '1', '--data-dir', server.directory], { encoding: 'utf8' });
  const [code] = /\b[a-z2-7]{24}\b/.exec(stdout) ?? [];
  assert.ok(code, stdout);
  const page = await newPage();
  await page.goto(`http://${server.web}/i/${code}#AB:CD`);
  await page.getByText('You are invited.').waitFor();
  await isAccessible(page, 'an invitation');
  await page.getByLabel('Name').fill('karla');
  await page.keyboard.press('Enter');
  await page.getByText('logged in').waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, '/');
  const again = await page.context().newPage();
  await page.close();
  await again.goto(`http://${server.web}/`);
  await again.getByText('logged in').waitFor();
  await again.getByRole('button', { name: /^karla/ }).waitFor();
  await again.context().close();
});

test('a long past: scrolled through to its beginning, with few messages in the page; search leads into it', async () => {
  const grete = new IrcClient(server.irc, 'grete', 'echo-message batch labeled-response');
  grete.say('JOIN #long');
  const count = 1_000;
  for (let at = 0; at < count; at += 100) {
    const numbers = Array.from({ length: 100 }, (_, index) => at + index);
    grete.say(...numbers.map((number) => `PRIVMSG #long :number ${number}${number === 400 ? ' needle' : ''}`));
    await grete.hear(new RegExp(`PRIVMSG #long :number ${at + 99}`));
  }
  const ann = await newPage();
  await comeIn(ann, 'hanna', '#long');
  await message(ann, `number ${count - 1}`).waitFor();

  const numbers = async () => (await ann.locator('article .body').allTextContents()).map((/** @type {string} */ text) => Number(text.split(' ')[1]));
  const scroller = ann.locator('.scroller');
  let first = count;
  while (first > 0) {
    await scroller.evaluate((/** @type {HTMLElement} */ element) => element.scrollBy(0, -1500));
    await ann.waitForFunction((/** @type {number} */ before) => Number(document.querySelector('article .body')?.textContent?.split(' ')[1]) < before || document.querySelector('.scroller')?.scrollTop, first);
    const shown = await numbers();
    assert.ok(shown.length <= 200, `${shown.length} messages in the page`);
    assert.deepEqual(shown, Array.from(shown, (_, /** @type {number} */ at) => (shown[0] ?? 0) + at));
    first = shown[0] ?? 0;
  }
  await ann.getByRole('button', { name: 'Go to the newest message' }).click();
  await message(ann, `number ${count - 1}`).waitFor();

  await ann.getByRole('button', { name: 'Search' }).click();
  await ann.getByRole('searchbox').fill('needle');
  await ann.keyboard.press('Enter');
  await ann.getByRole('button', { name: /number 400 needle/ }).click();
  await message(ann, 'number 400 needle').waitFor();
  await isAccessible(ann, 'search');
  grete.close();
  await ann.context().close();
});

test('the keyboard is enough, and the first screen is accessible', async () => {
  const page = await newPage({ viewport: { width: 320, height: 600 }, reducedMotion: 'reduce' });
  await isAccessible(page, 'the first screen');
  await page.keyboard.type('ida');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Show the rooms' }).focus();
  await page.keyboard.press('Control+k');
  await isAccessible(page, 'the rooms');
  await page.keyboard.type('#keys');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Message to #keys' }).focus();
  await page.keyboard.type('first');
  await page.keyboard.press('Enter');
  await message(page, 'first').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Replying to ida: first').waitFor();
  await page.keyboard.type('/topic what a /topic');
  await page.keyboard.press('Enter');
  await page.getByText('what a /topic').first().waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await page.context().close();
});

test('no page complained, and none asked for anything elsewhere', () => {
  assert.deepEqual(complaints, []);
});
