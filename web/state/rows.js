/**
 * What of a timeline is drawn how: day lines, the line "new", and which messages stand together under one name.
 */

/** @typedef {import('./timeline.js').Message} Message */

/**
 * @typedef {object} Row
 * @property {Message} message
 * @property {number | null} day time of a new day, to be written above
 * @property {boolean} isFirstNew whether the line "new" is above
 * @property {boolean} isGrouped whether the name above is still the author
 */

/** Messages of one author this close stand together. */
const GROUP_MS = 5 * 60_000;

/**
 * The rows of the messages from `start` to `end`.
 * @param {Message[]} messages
 * @param {number} start
 * @param {number} end
 * @param {number} dividerAt time behind which messages are new; 0: no line
 * @returns {Row[]}
 */
export function rowsOf(messages, start, end, dividerAt) {
  return messages.slice(start, end).map((message, offset) => rowOf(messages[start + offset - 1] ?? null, message, dividerAt));
}

/**
 * The row of a message below another.
 * @param {Message | null} above
 * @param {Message} message
 * @param {number} dividerAt
 * @returns {Row}
 */
export function rowOf(above, message, dividerAt) {
  const isNewDay = above === null || dayOf(above.time) !== dayOf(message.time);
  const isFirstNew = dividerAt > 0 && message.time > dividerAt && !message.isOwn && (above === null || above.time <= dividerAt);
  const isGrouped =
    above !== null &&
    !isNewDay &&
    !isFirstNew &&
    above.nick === message.nick &&
    above.kind === message.kind &&
    message.kind === 'text' &&
    message.replyTo === '' &&
    message.time - above.time < GROUP_MS;
  return { message, day: isNewDay ? message.time : null, isFirstNew, isGrouped };
}

/** A number for the day of a time, in the zone of the reader. @param {number} time */
function dayOf(time) {
  const date = new Date(time);
  return date.getFullYear() * 10_000 + date.getMonth() * 100 + date.getDate();
}
