/**
 * What is sent of the outbox, and how one message is written in lines.
 */

import { byteLength } from '../irc/line.js';
import { fold } from '../irc/names.js';
import { LINE_BYTES } from '../limits.js';
import { splitText } from './split.js';

/** Most bytes and lines of one message, where the server does not say (draft/multiline). */
const OTHERWISE = { bytes: 4096, lines: 24 };

/**
 * Sends what can be sent now.
 * @param {import('../irc/session.js').Session} session
 * @param {import('../irc/outbox.js').Outbox} outbox
 * @param {import('../state/model.js').State} state
 */
export function sendReady(session, outbox, state) {
  // What was said before is known first, so that a message in doubt can be looked for behind it.
  const isReady = (/** @type {string} */ target) => {
    const where = state.conversations.get(fold(target));
    return where !== undefined && where.isOpen && !where.isCatchingUp;
  };
  outbox.ready(isReady).forEach((entry) => transmit(session, outbox, entry));
}

/**
 * Sends a message: as one line, or as a batch of several when it does not fit into one.
 * @param {import('../irc/session.js').Session} session
 * @param {import('../irc/outbox.js').Outbox} outbox
 * @param {import('../irc/outbox.js').Outgoing} entry
 */
function transmit(session, outbox, entry) {
  /** @type {[string, string][]} */
  const reply = entry.replyTo === '' ? [] : [['+draft/reply', entry.replyTo]];
  const parts = splitText(entry.command, entry.target, entry.text);
  const problem = problemOf(session, entry.text, parts.length);
  const label = session.nextLabel();
  outbox.sent(entry, label);
  if (problem !== '') {
    outbox.refused(label, problem);
    return;
  }
  if (parts.length === 1) {
    session.send(entry.command, [entry.target, entry.text], [['label', label], ...reply]);
    return;
  }
  session.send('BATCH', [`+${label}`, 'draft/multiline', entry.target], [['label', label], ...reply]);
  for (const { text, isContinued } of parts) {
    /** @type {[string, string][]} */
    const tags = [['batch', label]];
    if (isContinued) {
      tags.push(['draft/multiline-concat', '']);
    }
    session.send(entry.command, [entry.target, text], tags);
  }
  session.send('BATCH', [`-${label}`]);
}

/** Why the server would refuse it. @param {import('../irc/session.js').Session} session @param {string} text @param {number} lines */
function problemOf({ capabilities }, text, lines) {
  if (lines === 1) {
    return '';
  }
  if (!capabilities.has('draft/multiline')) {
    return `This is too long: the server takes single lines of about ${LINE_BYTES - 130} bytes.`;
  }
  const mostLines = capabilities.number('draft/multiline', 'max-lines', OTHERWISE.lines);
  const mostBytes = capabilities.number('draft/multiline', 'max-bytes', OTHERWISE.bytes);
  if (lines > mostLines) {
    return `This has ${lines} lines; a message has at most ${mostLines}.`;
  }
  const bytes = byteLength(text);
  return bytes > mostBytes ? `This has ${bytes} bytes; a message has at most ${mostBytes}.` : '';
}
