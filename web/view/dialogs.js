/**
 * Questions and panels that stand in front of everything else. The browser keeps the focus in them, and Escape closes.
 */

import { drawIcon, fill, h, iconButton } from './dom.js';

/** Reactions that are at hand, and those behind them. */
const EMOJI =
  '👍 ❤️ 😂 🎉 😮 😢 🙏 👀 ✅ 🔥 🚀 💯 😀 😄 😅 🤣 😊 😉 😍 😎 🤔 🙃 😴 😭 😡 🤯 🥳 🤝 👏 🙌 💪 👋 👎 ❌ ❓ ❗ ☕ 🍰 🌻 🌙 ☀️ 🌧️ 💡 📌 🐛 🧪 ⏳ 🎵'.split(' ');

/**
 * Opens a dialog.
 * @param {string} title
 * @param {(close: () => void) => (Node | false)[]} content
 * @param {string} [kind] a class
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, content, kind = '') {
  const dialog = h('dialog', { class: `dialog ${kind}`, 'aria-labelledby': 'dialog-title' });
  const close = () => dialog.close();
  dialog.append(
    h('div', { class: 'dialog-head' }, h('h2', { id: 'dialog-title' }, title), iconButton('close', 'Close', close)),
    h('div', { class: 'dialog-body' }, ...content(close)),
  );
  dialog.addEventListener('click', (event) => event.target === dialog && close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for one line.
 * @param {{title: string, label: string, value?: string, action: string, hint?: string, isEmptyFine?: boolean}} question
 * @param {(text: string) => void} done
 */
export function askText({ title, label, value = '', action, hint = '', isEmptyFine = false }, done) {
  openDialog(title, (close) => {
    const input = h('input', { type: 'text', id: 'dialog-input', value, autocomplete: 'off', autofocus: true, required: !isEmptyFine });
    const onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      close();
      done(input.value.trim());
    };
    return [
      h(
        'form',
        { class: 'stack', onsubmit },
        h('label', { for: 'dialog-input' }, label),
        input,
        hint !== '' && h('p', { class: 'hint' }, hint),
        h('button', { class: 'primary' }, action),
      ),
    ];
  });
}

/** Asks whether it is meant. @param {string} title @param {string} text @param {string} action @param {() => void} done */
export function confirmThat(title, text, action, done) {
  openDialog(title, (close) => {
    const yes = () => {
      close();
      done();
    };
    return [
      h('p', {}, text),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', class: 'danger', onclick: yes, autofocus: true }, action),
        h('button', { type: 'button', onclick: close }, 'Cancel'),
      ),
    ];
  });
}

/** Lets choose a reaction. @param {string} title @param {(text: string) => void} done */
export function chooseEmoji(title, done) {
  openDialog(
    title,
    (close) => {
      const choose = (/** @type {string} */ text) => {
        close();
        done(text);
      };
      return [h('div', { class: 'emoji' }, ...EMOJI.map((text) => h('button', { type: 'button', onclick: () => choose(text) }, text)))];
    },
    'emoji-dialog',
  );
}

/**
 * Lets choose from things to do.
 * @param {string} title
 * @param {string} text
 * @param {{label: string, icon?: Parameters<typeof drawIcon>[0], run: () => void}[]} things
 */
export function chooseAction(title, text, things) {
  openDialog(title, (close) => [
    text !== '' && h('p', { class: 'hint' }, text),
    h(
      'div',
      { class: 'stack' },
      ...things.map(({ label, icon, run }) => {
        const onclick = () => {
          close();
          run();
        };
        return h('button', { type: 'button', class: 'choice', onclick }, icon ? drawIcon(icon) : null, label);
      }),
    ),
  ]);
}

/**
 * A table of names and values that is drawn again while it is open.
 * @param {string} title
 * @param {() => [string, string][]} rows
 * @param {...HTMLElement} more
 * @returns {() => void} draws it again
 */
export function openTable(title, rows, ...more) {
  const table = h('dl', { class: 'table' });
  const draw = () => fill(table, ...rows().flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
  draw();
  openDialog(title, () => [table, ...more]);
  return draw;
}
