/**
 * The rooms of the server, to go into one of them.
 */

import { fill, h } from './dom.js';
import { openDialog } from './dialogs.js';

/** @typedef {import('../client/client.js').Client} Client */

/** Most rooms shown at once; typing narrows them. */
const SHOWN = 100;

/**
 * Opens the list of rooms.
 * @param {Client} client
 * @returns {() => void} draws it again
 */
export function openRooms(client) {
  client.listRooms();
  const list = h('ul', { class: 'rooms' });
  let draw = () => {};
  openDialog('Rooms', (close) => {
    const input = h('input', { type: 'text', id: 'room-name', autocomplete: 'off', autofocus: true, placeholder: '#garden' });
    const join = (/** @type {string} */ name) => {
      close();
      client.join(name);
    };
    const onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim() !== '') {
        join(input.value);
      }
    };
    draw = () => fill(list, ...entries(client, input.value, join));
    input.addEventListener('input', draw);
    return [
      h(
        'form',
        { class: 'stack', onsubmit },
        h('label', { for: 'room-name' }, 'Go into a room, or make a new one'),
        h('div', { class: 'line' }, input, h('button', { class: 'primary' }, 'Join')),
      ),
      list,
    ];
  });
  draw();
  return draw;
}

/** @param {Client} client @param {string} typed @param {(name: string) => void} join */
function entries({ state }, typed, join) {
  const word = typed.trim().toLowerCase();
  const rooms = (state.list?.rooms ?? []).filter(({ name, topic }) => `${name} ${topic}`.toLowerCase().includes(word));
  rooms.sort((a, b) => b.people - a.people);
  if (rooms.length === 0) {
    const text = state.list?.isComplete ? (word === '' ? 'There are no rooms yet. Make the first.' : 'No room has this in its name.') : 'Asking…';
    return [h('li', { class: 'nothing' }, text)];
  }
  return rooms.slice(0, SHOWN).map(({ name, people, topic }) =>
    h(
      'li',
      {},
      h(
        'button',
        { type: 'button', class: 'choice', onclick: () => join(name) },
        h('span', { class: 'room-name' }, name),
        h('span', { class: 'room-topic' }, topic),
        h('span', { class: 'room-people' }, people === 1 ? '1 person' : `${people} people`),
      ),
    ),
  );
}
