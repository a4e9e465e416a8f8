/**
 * Searching (soju.im/search): how it is asked, and the answer.
 */

import { escapeTag } from '../irc/line.js';
import { conversationName, messageOf } from '../state/message.js';

/** Messages that are asked for. */
const RESULTS = 50;

/**
 * The parameters of SEARCH, which are written as tags are.
 * @param {string} text
 * @param {string} target the conversation to search in; `''`: all
 * @returns {string[]}
 */
export function searchParams(text, target) {
  const attributes = target === '' ? [] : [`in=${escapeTag(target)}`];
  return [[...attributes, `text=${escapeTag(text)}`, `limit=${RESULTS}`].join(';')];
}

/**
 * Takes the answer, if it is one to the search that is on.
 * @param {import('../state/model.js').State} state
 * @param {import('../irc/batches.js').Item} item
 * @returns {boolean} whether it was
 */
export function takeAnswer(state, item) {
  const { search } = state;
  if (!search || item.label === '' || item.label !== search.label) {
    return false;
  }
  if (item.type === 'batch') {
    search.state = 'found';
    search.results = item.items.flatMap((inner) => {
      const message = inner.type === 'line' ? messageOf(state, inner.line) : null;
      const target = inner.type === 'line' ? conversationName(state, inner.line) : '';
      return message ? [{ target, message }] : [];
    });
    search.results.reverse();
  } else {
    search.state = 'failed';
    search.error = item.line.params.at(-1) ?? '';
  }
  state.revision += 1;
  return true;
}
