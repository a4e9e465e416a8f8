/**
 * The shell: the socket, the clock, what the browser keeps, and when to draw. Everything else is a value.
 */

import { Client } from './client/client.js';
import { forgetCredentials, keepCredentials, keepRooms, keptCredentials, keptRooms, lastName } from './keep.js';
import { HIDDEN_MS, PAUSE_MS, SLOW_MS } from './limits.js';
import { spoken } from './state/message.js';
import { App } from './view/app.js';
import { fill } from './view/dom.js';
import { Notices } from './view/notices.js';
import { Welcome } from './view/welcome.js';

/** @typedef {import('./irc/registration.js').Credentials} Credentials */

const root = /** @type {HTMLElement} */ (document.getElementById('page'));
const now = () => performance.now();
const client = new Client(Math.random);
/** The code and the fingerprint of `/i/CODE#FINGERPRINT`. */
const invitation = {
  code: /^\/i\/([^/]+)$/.exec(location.pathname)?.[1] ?? '',
  fingerprint: /^\/i\//.test(location.pathname) ? location.hash.slice(1) : '',
};
/** @type {WebSocket | null} */
let socket = null;
/** @type {App | null} */
let app = null;
/** @type {Welcome | null} */
let welcome = null;
let timer = 0;
let isDrawing = false;
let isAwake = false;
/** How long drawing took the last time. */
let drawingMs = 0;
let drawnRevision = -1;
/** What to keep when the server has taken it. @type {{credentials: Credentials, isKept: boolean} | null} */
let choice = null;

begin();

function begin() {
  client.wake = wake;
  const kept = invitation.code === '' ? keptCredentials() : null;
  if (kept) {
    enter({ credentials: kept, isKept: false });
    openApp();
  } else {
    openWelcome();
  }
  window.addEventListener('online', () => act(() => client.handleNetworkChange(now())));
  document.addEventListener('visibilitychange', () => act(() => seen(true)));
  window.addEventListener('focus', () => act(() => seen(true)));
  window.addEventListener('blur', () => act(() => seen(false)));
  document.addEventListener('keydown', (event) => app?.handleKey(event));
  seen(false);
}

/** Begins as somebody. @param {{credentials: Credentials, isKept: boolean}} chosen */
function enter(chosen) {
  choice = chosen;
  if (chosen.credentials.registration && chosen.isKept) {
    // The password must be here before the server has it: nobody else knows it.
    keepCredentials(chosen.credentials, true);
  }
  act(() => client.start(chosen.credentials, keptRooms(), now()));
}

function openWelcome() {
  app = null;
  welcome = new Welcome(invitation.code, lastName(), enter);
  fill(root, welcome.element);
  welcome.focus();
}

function openApp() {
  welcome = null;
  app = new App(client, now, { logOut, fingerprint: invitation.fingerprint });
  fill(root, app.element);
  drawnRevision = -1;
}

function logOut() {
  act(() => client.stop(now()));
  forgetCredentials();
  // Nothing of what was seen stays in the page.
  location.assign('/');
}

/** Does something with the client, then all that follows from it. @param {() => void} what */
function act(what) {
  what();
  pump();
}

/** The client has something to do after what a person did. */
function wake() {
  if (!isAwake) {
    isAwake = true;
    queueMicrotask(pump);
  }
}

function pump() {
  isAwake = false;
  for (let action = client.pollAction(); action; action = client.pollAction()) {
    if (action.type === 'open') {
      openSocket();
    } else if (action.type === 'close') {
      closeSocket();
    } else if (socket?.readyState === WebSocket.OPEN) {
      socket.send(action.text);
    }
  }
  for (let alert = client.pollAlert(); alert; alert = client.pollAlert()) {
    handleAlert(alert);
  }
  if (welcome && client.session.status === 'waiting') {
    welcome.explain(`Trying again: ${client.session.reason}.`);
  }
  clearTimeout(timer);
  const deadline = client.pollTimeout();
  if (deadline !== Infinity) {
    timer = window.setTimeout(() => act(() => client.handleTimeout(now())), Math.max(0, deadline - now()) + 1);
  }
  scheduleDrawing();
}

function openSocket() {
  closeSocket();
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = new WebSocket(`${scheme}//${location.host}/irc`, ['text.ircv3.net']);
  const isCurrent = () => socket === opened;
  socket = opened;
  opened.onopen = () => isCurrent() && act(() => client.handleOpen(now()));
  opened.onclose = () => isCurrent() && act(() => client.handleClose(now()));
  opened.onmessage = ({ data }) => isCurrent() && typeof data === 'string' && act(() => client.handleLine(data, now()));
}

function closeSocket() {
  const closing = socket;
  socket = null;
  closing?.close();
}

/** @param {import('./client/client.js').Alert} alert */
function handleAlert(alert) {
  if (alert.type === 'online') {
    online();
  } else if (alert.type === 'refused') {
    if (!welcome) {
      openWelcome();
    }
    if (choice?.credentials.registration) {
      forgetCredentials();
    }
    welcome?.refuse(alert.reason, alert.field);
  } else {
    said(alert);
  }
}

function online() {
  if (choice) {
    keepCredentials(choice.credentials, choice.isKept);
    choice = null;
  }
  if (invitation.code !== '') {
    // The code is used up, and in nobody's way or history.
    history.replaceState(null, '', '/');
    invitation.code = '';
  }
  if (!app) {
    openApp();
  }
}

/** @param {{conversation: import('./state/model.js').Conversation, message: import('./state/timeline.js').Message}} alert */
function said({ conversation, message }) {
  const isCurrent = client.state.conversations.get(client.state.current) === conversation;
  if (isCurrent && !message.isOwn && message.kind !== 'event') {
    app?.announce(message);
  }
  const isForMe = message.isMention || conversation.kind === 'person';
  if (isForMe && !message.isOwn && !(isCurrent && client.state.isSeen)) {
    const title = conversation.kind === 'room' ? `${message.nick} in ${conversation.name}` : message.nick;
    Notices.tell(title, spoken(message), () => app?.show(conversation));
  }
}

/** Whether somebody looks at the page. @param {boolean} isFocused */
function seen(isFocused) {
  client.state.isSeen = document.visibilityState === 'visible' && (isFocused || document.hasFocus());
  client.revision += 1;
}

function scheduleDrawing() {
  if (isDrawing || !app) {
    return;
  }
  isDrawing = true;
  if (document.visibilityState !== 'visible') {
    // A page that is not seen gets no frames; its title is still to tell what is new.
    setTimeout(draw, HIDDEN_MS);
  } else if (drawingMs > SLOW_MS) {
    // However much comes, two thirds of the time are for who types.
    setTimeout(() => requestAnimationFrame(draw), Math.min(2 * drawingMs, PAUSE_MS));
  } else {
    requestAnimationFrame(draw);
  }
}

function draw() {
  isDrawing = false;
  if (!app || client.revision === drawnRevision) {
    return;
  }
  drawnRevision = client.revision;
  const begun = now();
  app.draw();
  drawingMs = now() - begun;
  keepRooms(client.rooms());
  // Drawing may ask for more, such as history, or tell what was read.
  pump();
}
