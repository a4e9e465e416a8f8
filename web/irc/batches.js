/**
 * Batches put together (IRCv3 batch): what belongs together is handed on when it is complete.
 *
 * Messages of several lines (draft/multiline) become one line whose text has line breaks. What comes in answer to a
 * label (labeled-response) is handed on piece by piece with the label.
 */

import { BATCH_LINES, OPEN_BATCHES } from '../limits.js';

/** @typedef {import('./line.js').Line} Line */

/**
 * A line, or a batch with all that is in it.
 * @typedef {{type: 'line', line: Line, label: string}} LineItem
 * @typedef {{type: 'batch', name: string, params: string[], opening: Line, items: Item[], label: string}} BatchItem
 * @typedef {LineItem | BatchItem} Item
 */

/** Batches whose contents are no unit, only an answer. */
const TRANSPARENT = ['labeled-response', 'draft/isupport', 'netjoin', 'netsplit'];

export class Batches {
  /** @type {Map<string, BatchItem>} */
  #open = new Map();

  /**
   * Takes the next line of the connection.
   * @param {Line} line
   * @returns {Item[]} what is complete by it, in order
   */
  push(line) {
    const parent = this.#open.get(line.tags.get('batch') ?? '');
    const label = line.tags.get('label') ?? parent?.label ?? '';
    const reference = line.params[0] ?? '';
    if (line.command === 'BATCH' && reference.startsWith('+')) {
      this.#begin(line, reference.slice(1), label);
      return [];
    }
    if (line.command === 'BATCH' && reference.startsWith('-')) {
      return this.#end(reference.slice(1));
    }
    return this.#hand({ type: 'line', line, label }, parent);
  }

  /** @param {Line} line @param {string} reference @param {string} label */
  #begin(line, reference, label) {
    if (this.#open.size < OPEN_BATCHES) {
      const [, name = '', ...params] = line.params;
      this.#open.set(reference, { type: 'batch', name, params, opening: line, items: [], label });
    }
  }

  /** @param {string} reference @returns {Item[]} */
  #end(reference) {
    const batch = this.#open.get(reference);
    if (!batch) {
      return [];
    }
    this.#open.delete(reference);
    const parent = this.#open.get(batch.opening.tags.get('batch') ?? '');
    if (batch.name === 'draft/multiline') {
      const line = joined(batch);
      return line ? this.#hand({ type: 'line', line, label: batch.label }, parent) : [];
    }
    if (TRANSPARENT.includes(batch.name)) {
      return batch.items.flatMap((item) => this.#hand(item, parent));
    }
    return this.#hand(batch, parent);
  }

  /** @param {Item} item @param {BatchItem | undefined} parent @returns {Item[]} */
  #hand(item, parent) {
    if (!parent) {
      return [item];
    }
    if (parent.items.length < BATCH_LINES) {
      parent.items.push(item);
    }
    return [];
  }
}

/**
 * The one message that a multiline batch is.
 * @param {BatchItem} batch
 * @returns {Line | null}
 */
function joined(batch) {
  /** @type {Line | null} */
  let message = null;
  let text = '';
  for (const item of batch.items) {
    if (item.type !== 'line') {
      continue;
    }
    const { line } = item;
    const part = line.params[1] ?? '';
    text = message === null || line.tags.has('draft/multiline-concat') ? text + part : `${text}\n${part}`;
    message ??= line;
  }
  if (message === null) {
    return null;
  }
  const tags = new Map([...message.tags, ...batch.opening.tags]);
  const params = [batch.params[0] ?? '', text];
  return { tags, source: batch.opening.source || message.source, command: message.command, params };
}
