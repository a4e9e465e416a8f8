/**
 * One message drawn.
 */

import { plainText, spansOf } from '../state/text.js';
import { dayName, nickClass, avatar, timeElement } from './words.js';
import { h } from './dom.js';

/** @typedef {import('../irc/outbox.js').Outgoing} Outgoing */
/** @typedef {import('../state/rows.js').Row} Row */
/** @typedef {import('../state/timeline.js').Message} Message */

/**
 * What can be done with a message.
 * @typedef {object} MessageActions
 * @property {(nick: string) => void} person
 * @property {(message: Message, text: string) => void} react
 * @property {(msgid: string) => void} jump
 * @property {(id: string) => void} retry
 * @property {(id: string) => void} discard
 */

/**
 * Draws a row: the lines above, and the message.
 * @param {Row} row
 * @param {(id: string) => Message | null} find the message that is answered
 * @param {string} self our nickname
 * @param {MessageActions} actions
 * @returns {HTMLElement}
 */
export function drawRow(row, find, self, actions) {
  const { message } = row;
  return h(
    'div',
    { class: 'row', 'data-id': message.id, role: 'listitem' },
    row.day !== null && h('div', { class: 'day' }, h('span', {}, dayName(row.day))),
    row.isFirstNew && h('div', { class: 'new-line' }, h('span', {}, 'New')),
    message.kind === 'event' ? drawEvent(message) : drawMessage(row, find, self, actions),
  );
}

/**
 * Draws a message on its way.
 * @param {Outgoing} entry
 * @param {string} nick
 * @param {boolean} isOnline
 * @param {MessageActions} actions
 */
export function drawOutgoing(entry, nick, isOnline, actions) {
  const isFailed = entry.state === 'failed';
  const words = isOnline ? 'Sending…' : 'Waits for the connection';
  const text = entry.text.replace(/^\x01ACTION (.*)\x01$/s, '$1');
  return h(
    'div',
    { class: 'row', 'data-id': entry.id, role: 'listitem' },
    h(
      'article',
      { class: `message outgoing${isFailed ? ' failed' : ''}`, tabindex: -1 },
      avatar(nick),
      h(
        'div',
        { class: 'content' },
        h('div', { class: 'head' }, h('span', { class: `nick ${nickClass(nick)}` }, nick), timeElement(entry.time)),
        h('div', { class: 'body' }, ...drawText(text)),
        isFailed
          ? h(
              'div',
              { class: 'failure', role: 'alert' },
              h('span', {}, `Not sent: ${entry.error}`),
              h('button', { type: 'button', class: 'link', onclick: () => actions.retry(entry.id) }, 'Send again'),
              h('button', { type: 'button', class: 'link', onclick: () => actions.discard(entry.id) }, 'Discard'),
            )
          : h('div', { class: 'sending' }, words),
      ),
    ),
  );
}

/**
 * A text with its formatting and links.
 * @param {string} text
 * @returns {Node[]}
 */
export function drawText(text) {
  return spansOf(text).map(({ text: part, styles, foreground, link }) => {
    const classes = [...styles, ...(foreground === null ? [] : [`colour-${foreground}`])].join(' ');
    if (link !== '') {
      return h('a', { href: link, target: '_blank', rel: 'noopener noreferrer', class: classes || null }, part);
    }
    if (styles.includes('spoiler')) {
      return h('button', { type: 'button', class: 'spoiler', onclick: reveal, 'aria-label': 'Show hidden text' }, part);
    }
    return classes === '' ? document.createTextNode(part) : h('span', { class: classes }, part);
  });
}

/** @param {Event} event */
function reveal({ currentTarget }) {
  if (currentTarget instanceof HTMLElement) {
    currentTarget.classList.add('shown');
    currentTarget.removeAttribute('aria-label');
  }
}

/** @param {Message} message */
function drawEvent(message) {
  return h('p', { class: 'event' }, h('b', {}, message.nick), ` ${plainText(message.text)} `, timeElement(message.time));
}

/** @param {Row} row @param {(id: string) => Message | null} find @param {string} self @param {MessageActions} actions */
function drawMessage({ message, isGrouped }, find, self, actions) {
  const classes = ['message', message.kind, isGrouped && 'grouped', message.isMention && 'mention'];
  return h(
    'article',
    { class: classes.filter(Boolean).join(' '), tabindex: -1 },
    isGrouped ? h('span', { class: 'margin-time' }, timeElement(message.time)) : avatar(message.nick),
    h(
      'div',
      { class: 'content' },
      h(
        'div',
        { class: isGrouped ? 'head visually-hidden' : 'head' },
        h(
          'button',
          { type: 'button', tabindex: -1, class: `nick ${nickClass(message.nick)}`, onclick: () => actions.person(message.nick) },
          message.nick,
        ),
        isGrouped ? null : timeElement(message.time),
        message.kind === 'notice' && h('span', { class: 'kind' }, 'notice'),
      ),
      message.replyTo !== '' && drawQuote(message.replyTo, find(message.replyTo), actions),
      message.isRedacted
        ? h('div', { class: 'body redacted' }, 'This message was deleted.')
        : h('div', { class: 'body' }, ...drawText(message.text)),
      message.reactions.size > 0 && drawReactions(message, self, actions),
    ),
  );
}

/** @param {string} id @param {Message | null} quoted @param {MessageActions} actions */
function drawQuote(id, quoted, actions) {
  const text = quoted?.isRedacted ? 'a deleted message' : plainText(quoted?.text ?? '').slice(0, 160);
  return h(
    'button',
    { type: 'button', tabindex: -1, class: 'quote', onclick: () => actions.jump(id), title: 'Go to this message' },
    quoted && h('b', { class: nickClass(quoted.nick) }, quoted.nick),
    h('span', {}, quoted ? text : 'An earlier message'),
  );
}

/** @param {Message} message @param {string} self @param {MessageActions} actions */
function drawReactions(message, self, actions) {
  const buttons = [...message.reactions].map(([text, nicks]) => {
    const isOwn = nicks.some((nick) => nick.toLowerCase() === self.toLowerCase());
    return h(
      'button',
      {
        type: 'button',
        tabindex: -1,
        class: 'reaction',
        'aria-pressed': isOwn ? 'true' : 'false',
        'aria-label': `${text}, ${nicks.join(', ')}`,
        title: nicks.join(', '),
        onclick: () => actions.react(message, text),
      },
      h('span', {}, text),
      h('span', { class: 'count' }, String(nicks.length)),
    );
  });
  return h('div', { class: 'reactions' }, ...buttons);
}
