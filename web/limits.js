/**
 * Every bound of the page, in one place: what may wait, how long, and how much is kept.
 */

/** Milliseconds after which a connection that did not open, or did not get as far as being registered, is given up. */
export const REGISTRATION_TIMEOUT_MS = 15_000;
/** Milliseconds of quiet after which the server is asked whether it is there; the answer also tells the round-trip time. */
export const PING_INTERVAL_MS = 20_000;
/** Milliseconds that an answer to PING may take; then the connection is taken for dead and made anew. */
export const PONG_TIMEOUT_MS = 15_000;
/** First wait before connecting again; it doubles with every failure. */
export const BACKOFF_FIRST_MS = 500;
/** Longest wait before connecting again. */
export const BACKOFF_LAST_MS = 30_000;

/** Batches that may be open at once; a line that opens one more is dropped with its batch. */
export const OPEN_BATCHES = 64;
/** Lines that one batch may hold; those beyond are dropped. */
export const BATCH_LINES = 20_000;
/** Bytes of one line without tags, its end included (RFC 1459 §2.3). */
export const LINE_BYTES = 512;

/** Messages that one question for history asks for; the server may say less in ISUPPORT CHATHISTORY. */
export const HISTORY_PAGE = 100;
/** Questions for history under way at once; others wait for their turn. */
export const HISTORY_IN_FLIGHT = 3;
/** Questions for history that may wait; the oldest are dropped, and asked again when they are needed. */
export const HISTORY_WAITING = 512;
/** Pages fetched to close the gap after a reconnect; with a larger gap the timeline begins anew at the newest. */
export const CATCH_UP_PAGES = 20;
/** Messages kept of a conversation that is read at its end; older ones are fetched again by scrolling up. */
export const TIMELINE_KEPT = 5_000;
/** Live messages that wait while older ones are fetched; the oldest are dropped, they come by history. */
export const TIMELINE_TAIL = 1_000;
/** Reactions kept for messages that are not loaded. */
export const ORPHAN_REACTIONS = 2_000;

/** Messages that may wait to be sent; more are refused where they are typed. */
export const OUTBOX_ENTRIES = 200;
/** Milliseconds for which somebody is shown as typing without saying so again (IRCv3 typing: 6 s). */
export const TYPING_SHOWN_MS = 6_000;
/** Milliseconds between two notices of ours that we are typing (IRCv3 typing: at most every 3 s). */
export const TYPING_SENT_MS = 3_000;
/** Notices of the server that are kept to be looked at. */
export const NOTICES_KEPT = 50;
/** Rooms of the list that are shown. */
export const LIST_ROOMS = 2_000;
/** Nodes of messages in the page at once. */
export const WINDOW_MESSAGES = 160;
/** Messages by which the window is moved. */
export const WINDOW_STEP = 60;
/** Milliseconds of drawing after which there is a pause before the next. */
export const SLOW_MS = 8;
/** Longest such pause. */
export const PAUSE_MS = 200;
/** Milliseconds between two drawings of a page that nobody sees. */
export const HIDDEN_MS = 500;
