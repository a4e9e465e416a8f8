// tidy: long: every bound stands in one table
//! Every bound of Heliograph, in one table: name, value with its unit, and what happens at the bound.
//!
//! No other file holds a bound. `docs/limits.md` is made from this file (`cargo xtask tidy --fix`); a group is a
//! `//!`-free section whose comment starts with `# `. Settings may lower or raise those that say so.

use core::time::Duration;

// # Connections

/// Connections that one service holds at a time (setting `max-connections`). One more waits accepted at each listener,
/// the others in the kernel's queue.
pub const CONNECTIONS_PER_SERVICE: usize = 10_000;

/// Backlog asked of the kernel for each listener; it takes the smaller of this and `net.core.somaxconn`.
pub const LISTEN_BACKLOG: i32 = 4_096;

/// Keepalive probes without an answer after which the kernel gives a peer up, where they are asked for.
pub const KEEPALIVE_PROBES: u32 = 4;

/// File descriptors asked for at start (soft `RLIMIT_NOFILE`, raised up to the hard limit). Fewer are not an error.
pub const OPEN_FILES: u64 = 65_536;

/// First wait after `accept` failed for want of descriptors or memory; it doubles up to [`ACCEPT_BACKOFF_MAX`].
pub const ACCEPT_BACKOFF_MIN: Duration = Duration::from_millis(5);

/// Longest wait between two tries to accept while descriptors or memory are short.
pub const ACCEPT_BACKOFF_MAX: Duration = Duration::from_secs(1);

/// A shortage of descriptors is told again after this long at the earliest.
pub const SHORTAGE_TOLD_EVERY: Duration = Duration::from_mins(1);

/// A connection on which nothing moves for this long is closed (setting `idle-timeout`).
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(10);

/// A peer that takes nothing of a pending answer for this long is dropped (setting `write-timeout`).
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time that open connections get to finish when the program ends; then they are cut.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// After our own end of stream, how long a session reads and drops what the peer still sends before it closes.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of one read. An answer to one read is at most this and its prefix, so this bounds a session's memory.
pub const READ_CHUNK: usize = 64 * 1024;

/// Wait before the next address of a name is tried beside the pending ones (RFC 8305 §5 recommends 250 ms).
pub const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Addresses of one name that are tried; the rest is ignored.
pub const ADDRESSES_PER_NAME: usize = 16;

/// Time for name lookup and connect together (setting `timeout`).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

// # Datagrams

/// Largest UDP payload: 65,535 less the IPv4 and UDP headers. Longer answers are cut to it.
pub const DATAGRAM_MAX: usize = 65_507;

/// Bytes of a buffer for one received datagram. No UDP length (16 bits) reaches it, so nothing is cut: over IPv6, where
/// the header does not count, payloads go up to 65,527 bytes.
pub const DATAGRAM_BUFFER: usize = 65_535;

/// Sources whose rate is remembered at a time: IPv4 addresses and IPv6 subnets (/64). Beyond it, idle sources are
/// forgotten first, then all new ones refused.
pub const UDP_SOURCES: usize = 4_096;

/// Shortest time between two looks for idle sources at [`UDP_SOURCES`]; new ones are refused until the next.
pub const UDP_SOURCES_SWEEP: Duration = Duration::from_millis(100);

/// Datagrams a second that one source gets answered; loopback sources are exempt. The rest is dropped and counted.
pub const UDP_ANSWERS_PER_SECOND: u32 = 100;

/// Answers that a source may get at once before its rate counts.
pub const UDP_ANSWER_BURST: u32 = 200;

// # What is shown

/// At the end of a service, how long the last events may take to be read; then they are dropped.
pub const LAST_EVENTS_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of the name of a congestion control; the kernel has no longer ones (`TCP_CA_NAME_MAX`).
pub const CONGESTION_NAME: usize = 16;

/// Characters of received data shown in an event line; the full size is shown when it is cut.
pub const SHOWN_CHARS: usize = 120;

/// Events waiting to be printed. Beyond it they are counted, and the count is printed instead.
pub const EVENT_QUEUE: usize = 4_096;

// # Measurements

/// Sessions of measuring clients that a reflector counts at a time. The one unused for longest is forgotten first; its
/// count starts again, and its client reports the direction of a loss as unknown.
pub const REFLECTOR_SESSIONS: usize = 1_024;

/// Bytes of a message in one datagram of a measurement. With its header of 44, 1,444: it fits an MTU of 1,500 with
/// IPv6. A longer message is cut into several.
pub const REFLECTOR_PIECE: usize = 1_400;

/// Values of the reflector's counter told apart in one message; beyond it the direction of a loss is unknown.
pub const REFLECTOR_COUNT_WINDOW: usize = 262_144;

/// Pieces of a message sent between two looks at what came back. The receive buffer holds about ninety of them by
/// default, so a client that sent everything first would itself lose most echoes of a large message.
pub const COMPARE_PIECES_BETWEEN_READS: u32 = 8;

/// Times that a reflector is asked for its counters after a lost message; then the direction of the loss is unknown.
pub const REFLECTOR_TALLY_TRIES: u32 = 3;

/// Largest payload that `compare` sends, in bytes; larger ones are refused.
pub const COMPARE_SIZE_MAX: usize = 16 * 1024 * 1024;

/// Different payload sizes in one comparison; more are refused.
pub const COMPARE_SIZES: usize = 16;

/// Counted runs of each size and transport in one comparison; more are refused. With all sizes this keeps the record
/// below 48,000 exchanges and the connections left in TIME_WAIT below the range of ports.
pub const COMPARE_RUNS: u32 = 1_000;

/// Failed exchanges in a row (refused, reset, no new connection) after which a comparison ends with what it has. A
/// message that is merely lost is none, and one that comes back whole starts the count anew.
pub const COMPARE_FAILURES: u32 = 10;

/// Wait after a failed exchange, so that [`COMPARE_FAILURES`] of them outlast a reflector's restart.
pub const COMPARE_FAILURE_PAUSE: Duration = Duration::from_millis(200);

/// Time that one message gets to come back whole (setting `timeout` of `compare`); then it is lost.
pub const COMPARE_TIMEOUT: Duration = Duration::from_secs(1);

/// Longest time that a message may be given (setting `timeout` of `compare`); more is refused.
pub const COMPARE_TIMEOUT_MAX: Duration = Duration::from_secs(60);

// # Asking

/// Silence after which an answer counts as complete (setting `quiet-time`).
pub const ANSWER_QUIET: Duration = Duration::from_millis(50);

/// Wait for an answer's first byte (setting `timeout`).
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of an answer that are kept to be shown; what goes beyond is counted and timed, not shown.
pub const ANSWER_KEPT: usize = 1024 * 1024;

/// Bytes of one typed or piped line; a longer line is sent in pieces of this size.
pub const SAID_LINE: usize = 1024 * 1024;

/// Lines read ahead from a pipe while an answer is awaited; then the pipe waits.
pub const SAID_AHEAD: usize = 16;

/// Times kept for the summary at the end; of further exchanges only the count is kept.
pub const SAID_TIMES: usize = 1_000_000;

// # Weather

/// Bytes of one answer of a weather or geocoding service. A longer one is refused unread; real ones are below 10 KiB.
pub const WEATHER_BODY: usize = 256 * 1024;

/// Time for one request to a weather or geocoding service, from name lookup to the last byte (setting `timeout`).
pub const WEATHER_TIMEOUT: Duration = Duration::from_secs(10);

/// Redirects that a request follows; one more is an error.
pub const WEATHER_REDIRECTS: usize = 3;

/// Bytes of a place's name. A longer one is refused before it is sent.
pub const PLACE_NAME: usize = 200;

/// Characters of each of the up to three names of a found place; a longer one is cut, and its size said.
pub const GEOCODED_NAME: usize = 60;

/// Bytes of a service's base URL. A longer one is refused.
pub const BASE_URL: usize = 2_048;

/// Places asked of the geocoding service for one name, and read from its answer; the rest is ignored.
pub const GEOCODING_RESULTS: usize = 10;

/// Largest magnitude of a number in a weather answer, in any unit. A larger one makes the answer malformed.
pub const WEATHER_VALUE: f64 = 1e6;

/// Bytes of one observation as it is sent, its line end included. All parts are bounded so that none is longer.
pub const WEATHER_LINE: usize = 4_096;

/// Shortest time between two observations (option `--every`). A shorter one is refused.
pub const WEATHER_EVERY_MIN: Duration = Duration::from_secs(1);

/// Longest time between two observations (option `--every`). A longer one is refused.
pub const WEATHER_EVERY_MAX: Duration = Duration::from_hours(24);

/// After failed requests the wait doubles from the `--every` time up to this, or stays at `--every` if that is longer.
pub const WEATHER_BACKOFF_MAX: Duration = Duration::from_hours(1);

/// Wait after the weather service refused a request for too many at the same time.
pub const WEATHER_CONCURRENT_WAIT: Duration = Duration::from_secs(5);

/// After the only datagram, how long its refusal (ICMP port unreachable) is waited for. Silence proves nothing.
pub const UDP_REFUSAL_WAIT: Duration = Duration::from_millis(50);

// # Log

/// Bytes of one logged line unless `--max-line` says otherwise. Longer lines are written in marked pieces.
pub const LOG_LINE: usize = 8 * 1024;

/// Smallest `--max-line`: any UTF-8 character fits into a piece.
pub const LOG_LINE_MIN: usize = 16;

/// Largest `--max-line`. Each connection may hold that much of an unfinished line in memory.
pub const LOG_LINE_MAX: usize = 1024 * 1024;

/// Bytes of entries that a log session hands over at once; an append is at most this and one entry. Short lines make
/// entries fifty times as large as what was received, so one read may take several appends.
pub const LOG_APPEND: usize = 64 * 1024;

/// Bytes that wait to be written, over all peers. At the bound streams are not read and datagrams are lost and counted.
pub const LOG_QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// What one append costs of [`LOG_QUEUE_BYTES`] beside its bytes, so that tiny ones are bounded too.
pub const LOG_APPEND_COST: usize = 256;

/// Bytes of one write to the log file; more is written in several.
pub const LOG_WRITE: usize = 1024 * 1024;

/// Time from the first unsynced byte to the sync with `--fsync interval`.
pub const LOG_SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// First wait after the log file refused a write, a sync, an opening or a rotation; it doubles up to [`LOG_RETRY_MAX`].
pub const LOG_RETRY_MIN: Duration = Duration::from_millis(50);

/// Longest wait between two tries while the log file refuses.
pub const LOG_RETRY_MAX: Duration = Duration::from_secs(2);

/// Smallest `--rotate-size`: smaller ones would make a file of nearly every record.
pub const LOG_ROTATE_SIZE_MIN: u64 = 4 * 1024;

/// Shortest `--rotate-age`.
pub const LOG_ROTATE_AGE_MIN: Duration = Duration::from_secs(1);

/// Files of streams and UDP peers that wait to be opened, because the directory is gone or there are no descriptors.
/// Each is tried every [`LOG_RETRY_MAX`]. At the bound further streams are not read, datagrams are lost and counted.
pub const LOG_UNOPENED_FILES: usize = 1_024;

/// Files of UDP peers that are open at a time. Beyond it the one that was idle longest is closed; it is opened again.
pub const LOG_UDP_OPEN_FILES: usize = 256;

/// UDP peers of one socket that get a file of their own in one run. Datagrams of further peers are lost and counted: their addresses
/// may be forged, and each would make a file.
pub const LOG_UDP_FILES: usize = 4_096;

/// Answers to datagrams of one socket that wait for their write or to be sent. Beyond it datagrams are written but not
/// answered.
pub const LOG_UDP_ANSWERS: usize = 4_096;

/// Share of [`LOG_UDP_ANSWERS`] that may wait for a file that is one peer's own, so that a file that cannot be written
/// costs others nothing. Beyond it that peer's datagrams are written but not answered.
pub const LOG_UDP_FILE_ANSWERS: usize = 256;

/// Datagrams taken from a socket's buffer when the program ends; a flood cannot hold up the end.
pub const LOG_UDP_REST: usize = 4_096;

/// Shortest time between two reports of lost datagrams; the counts add up meanwhile.
pub const LOG_LOSS_REPORT: Duration = Duration::from_secs(5);

// # Transfer

/// Bytes moved by one read and write, `sendfile` or `splice` of a raw transfer, and asked of the pipe that `splice` needs.
/// Below 256 KiB the calls cost more than the copy; above 1 MiB the bytes leave the processor's cache.
pub const BULK_CHUNK: usize = 1024 * 1024;

/// Files shorter than this are copied without trying the other methods: there is nothing to win.
pub const BULK_PROBE_FILE_MIN: u64 = 64 * 1024 * 1024;

/// Bytes that the probe moves with each method in one turn; see [`BULK_PROBE_TURNS`].
pub const BULK_PROBE_SEGMENT: u64 = 4 * 1024 * 1024;

/// Measured turns that each method gets in the probe, after one that only warms up. The probe is part of the transfer: no
/// byte is moved twice.
pub const BULK_PROBE_TURNS: usize = 2;

/// Processor time, in percent, that another method must save before it replaces copying.
pub const BULK_PROBE_MARGIN_PERCENT: u32 = 15;

/// Longest time that one blocking call of a transfer lasts before it looks whether it was told to stop.
pub const TRANSFER_WAIT_SLICE: Duration = Duration::from_millis(200);

/// First wait between two looks at how much the peer's TCP has acknowledged; it doubles up to [`ACKNOWLEDGED_POLL_MAX`].
pub const ACKNOWLEDGED_POLL_MIN: Duration = Duration::from_micros(20);

/// Longest wait between two looks at how much the peer's TCP has acknowledged. The printed time of the acknowledgement is
/// late by at most this.
pub const ACKNOWLEDGED_POLL_MAX: Duration = Duration::from_millis(2);

/// Partial files of one name that a process keeps beside each other; the next transfer to that name is refused.
pub const PARTIAL_FILES_OF_A_NAME: u32 = 100;

/// Wait after the end of a source that is a pipe or terminal, for a signal that may be on its way: Ctrl-C ends all programs
/// of a pipeline, and the end of the one that writes may be seen before the signal is. It delays the end of the stream.
pub const SOURCE_END_GRACE: Duration = Duration::from_millis(10);

/// Time that a transfer is given to end cleanly after Ctrl-C before the program ends without it.
pub const TRANSFER_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Time that a raw sender waits after its end of stream for the peer to acknowledge and to end its side (setting
/// `timeout`).
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest name of a file in bytes (Linux `NAME_MAX`). A name made longer by a suffix is cut before it.
pub const FILE_NAME_MAX: usize = 255;

/// Payload of a datagram of a file unless `--datagram` says otherwise: with the header of the numbered form, IP and UDP
/// it fits an Ethernet frame.
pub const FILE_DATAGRAM_DEFAULT: usize = 1_400;

/// Silence that ends the receiving of datagrams when no end marker was heard (setting `idle`).
pub const FILE_DATAGRAM_IDLE: Duration = Duration::from_secs(2);

/// Longest wait for a datagram before timers and the stop flag are looked at; the silences above are measured to this.
pub const DATAGRAM_WAIT_SLICE: Duration = Duration::from_millis(20);

/// Missed sending that a paced sender may make up for after a stall; of a longer one the rest is not made up for, so that
/// no long burst follows.
pub const PACER_CATCH_UP: Duration = Duration::from_millis(10);

/// Wait before a datagram is tried again that the network card's full queue refused (`send(2)`, ENOBUFS). The queue
/// empties by itself; there is no word when. It is tried until it is taken or the transfer is stopped.
pub const DATAGRAM_QUEUE_FULL_WAIT: Duration = Duration::from_millis(1);

/// Shortest wait for a datagram's turn under `--rate`. Shorter ones would cost more in wake-ups than they smooth: such a
/// datagram goes at once, and the next wait is longer by as much.
pub const DATAGRAM_PACE_MIN: Duration = Duration::from_millis(1);

/// Receive buffer asked of the kernel for datagrams of a file; it grants at most `net.core.rmem_max`.
pub const FILE_DATAGRAM_BUFFER: usize = 8 * 1024 * 1024;

// # Numbered datagrams (spec/numbered-udp.md)

/// Datagrams of one transfer. The sender stops with an error at it, the receiver counts higher numbers as damaged.
pub const NUMBERED_SEQUENCES: u64 = 1 << 30;

/// Gaps that a report names; further ones are only counted.
pub const NUMBERED_GAPS_NAMED: usize = 64;

/// Datagrams that the sender sends between two looks for a receiver that gave up.
pub const REPORT_LOOK_DATAGRAMS: u64 = 64;

/// End markers that the sender sends before it gives up waiting for a report.
pub const NUMBERED_END_MARKERS: u16 = 12;

/// Wait after the first end marker; it doubles with each up to [`NUMBERED_END_WAIT_MAX`].
pub const NUMBERED_END_WAIT_MIN: Duration = Duration::from_millis(20);

/// Longest wait between two end markers.
pub const NUMBERED_END_WAIT_MAX: Duration = Duration::from_millis(500);

/// How long the receiver waits for stragglers once an end marker was heard and something is missing.
pub const NUMBERED_GRACE: Duration = Duration::from_millis(200);

/// How long the receiver stays after its report without hearing an end marker, in case the report was lost.
pub const NUMBERED_LINGER: Duration = Duration::from_millis(1_500);

// # Chat service

/// Bytes at the front of a session's queue that are kept after they were written, before the rest moves up.
pub const CHAT_SENDQ_COMPACT: usize = 64 * 1024;

/// Bytes of a session's emptied queue that are kept, so that a single line costs no allocation. More is given back: most
/// sessions are silent most of the time.
pub const CHAT_SENDQ_KEPT: usize = 1024;

/// Bytes that may wait for one client (setting `send-queue`). While what waits leaves no
/// room for an answer to CHATHISTORY, and a quarter more, none of its further lines is taken. Beyond it, it is told "SendQ exceeded" and closed.
pub const CHAT_SENDQ: usize = 1024 * 1024;

/// Bytes that may wait for all clients together, whatever `send-queue` says. Beyond it, a client whose queue grows while it has
/// more than its share of them is told "SendQ exceeded" and closed; the sum stays below twice this.
pub const CHAT_SENDQ_TOTAL: usize = 256 * 1024 * 1024;

/// Echoes and answers of one session that may wait for the disk. From half of it on, none of its further lines is taken until
/// some are answered, so only a few lines that wait for much get beyond it; then it is told "SendQ exceeded" and closed.
pub const CHAT_HELD_LINES: usize = 1_024;

/// Lines of one session that may wait under flood control or behind a password. Beyond it, it is closed: "Excess Flood". The
/// server's own connections never get there: they hand in no line while one waits, and leave the rest to TCP. The bound is
/// for drivers that cannot hold a client back.
pub const CHAT_WAITING_LINES: usize = 64;

/// Lines that a connection may say before it is somebody. Beyond it, it is closed.
pub const CHAT_REGISTRATION_LINES: usize = 64;

/// Lines a second that a client may say in the long run (setting `lines-per-second`); loopback is exempt by default.
pub const CHAT_LINES_PER_SECOND: u32 = 4;

/// Lines that a client may say at once (setting `line-burst`).
pub const CHAT_LINE_BURST: u32 = 32;

/// Connections from one address (setting `per-address`). One more is told so and closed.
pub const CHAT_CONNECTIONS_PER_ADDRESS: usize = 32;

/// Connections from one network, IPv4 /24 or IPv6 /64 (setting `per-network`). One more is told so and closed.
pub const CHAT_CONNECTIONS_PER_NETWORK: usize = 512;

/// Time to become somebody (setting `registration-timeout`).
pub const CHAT_REGISTRATION_TIMEOUT: Duration = Duration::from_secs(60);

/// Silence after which a client is asked whether it is there (setting `ping-interval`); as long again ends it.
pub const CHAT_PING_INTERVAL: Duration = Duration::from_secs(120);

/// Messages shown again to who joins a room (setting `replay-messages`).
pub const CHAT_REPLAY_MESSAGES: usize = 50;

/// Age beyond which a message is not shown again on joining (setting `replay-age`).
pub const CHAT_REPLAY_AGE: Duration = Duration::from_hours(7 * 24);

/// How long a room with something in it is kept while nobody is there (setting `keep-empty-rooms`).
pub const CHAT_EMPTY_ROOM_KEPT: Duration = Duration::from_hours(90 * 24);

/// Time between two looks at what has been kept for long enough (settings `keep-messages`, `keep-newest`), and from the start
/// to the first: a clock that was wrong at the start has time to be set.
pub const CHAT_RETENTION_INTERVAL: Duration = Duration::from_hours(1);

/// Appends that may wait for the disk, over all sessions. Beyond it, messages are refused with FAIL.
pub const CHAT_UNCOMMITTED: usize = 65_536;

/// Time between two looks at whether a failing store works again.
pub const CHAT_PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// Targets of one PRIVMSG, NOTICE or TAGMSG (ISUPPORT TARGMAX). With more nothing is sent: ERR_TOOMANYTARGETS.
pub const CHAT_TARGETS: usize = 4;

/// Bytes of the text of a multiline message, line feeds between its lines included (`max-bytes` of draft/multiline). A longer
/// one is refused, and what was received of it forgotten.
pub const CHAT_MULTILINE_BYTES: usize = 8 * 1024;

/// Lines of a multiline message (`max-lines` of draft/multiline). A longer one is refused likewise.
pub const CHAT_MULTILINE_LINES: usize = 100;

/// Bytes of the record of one message: no more than [`STORE_RECORD_BYTES`], for one refused record fails its whole commit.
/// Only control characters, which JSON escapes to six bytes each, make a legal message so large. It is refused with
/// ERR_INPUTTOOLONG.
pub const CHAT_RECORD_BYTES: usize = STORE_RECORD_BYTES;

/// Time from the start of a multiline message to its end. It must be enough for [`CHAT_MULTILINE_LINES`] at
/// [`CHAT_LINES_PER_SECOND`]. At the bound the batch is refused with FAIL.
pub const CHAT_MULTILINE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes of a replay to one who joins. When the last messages are longer, only the newest that fit are shown.
pub const CHAT_REPLAY_BYTES: usize = 128 * 1024;

/// Messages that one CHATHISTORY shows, and rooms that CHATHISTORY TARGETS lists (ISUPPORT CHATHISTORY). When more are asked
/// for, so many are shown. The bytes of one answer are bounded by [`CHAT_REPLAY_BYTES`] and by a third of `send-queue`, by an
/// estimate that is never too low; beyond it fewer are shown, but one.
pub const CHAT_HISTORY: usize = 100;

/// Records of a log that one question looks at to find what it is to show. Only a long run of what the asker is not shown,
/// such as reactions, takes so many: the answer then ends before that; when nothing is found at all, whatever else waits for
/// the store has its turn, and the question looks on.
pub const CHAT_HISTORY_LOOKED: usize = 4_096;

/// Records that one read of the store brings at least when history is asked for, so that what is not wanted costs few reads.
pub const CHAT_HISTORY_CHUNK: usize = 32;

/// The newest records of a log among which a message is looked for that its identity does not lead to
/// (spec/event-log.md, "Finding a message"). A message before them is unknown then: FAIL.
pub const CHAT_HISTORY_SEARCH: usize = 4_096;

/// CHATHISTORY of one session that wait for the disk. From it on, none of its further lines is taken until one is answered;
/// one that comes all the same is refused with FAIL.
pub const CHAT_HISTORY_READS: usize = 4;

/// Private conversations of an account that CHATHISTORY TARGETS looks at: those in which something was said last. Older ones
/// can be read, but are not listed.
pub const CHAT_CONVERSATIONS: usize = 256;

/// The newest records of the log of an account's conversations that are looked at for them. When there are as many, older ones
/// are trimmed.
pub const CHAT_CONVERSATION_RECORDS: usize = 1_024;

/// A conversation that goes on is noted again in the logs of its sides after this time. Short: more is written. Long: the order
/// in which conversations are forgotten by CHATHISTORY TARGETS is less that of their last messages.
pub const CHAT_CONVERSATION_NOTED: Duration = Duration::from_hours(24);

/// Private conversations of all accounts of which is remembered that they are noted, and when something was last said. At the
/// bound all are forgotten: they are noted, and read, once more.
pub const CHAT_CONVERSATIONS_KNOWN: usize = 65_536;

/// Read markers of one account, or of one user who is not logged in. At the bound the one with the oldest time goes.
pub const CHAT_MARKERS: usize = 256;

/// Read markers of all. At the bound the oldest of who has most goes.
pub const CHAT_MARKERS_ALL: usize = 131_072;

/// Records of the log of read markers for each account that has any. A log with more than this, and [`CHAT_MARKERS_SPARE`]
/// beside, is replaced by a snapshot.
pub const CHAT_MARKERS_RATIO: usize = 8;

/// See [`CHAT_MARKERS_RATIO`]: so many records take no time that anybody notices.
pub const CHAT_MARKERS_SPARE: usize = 1_024;

/// Appends that one message or change asks for at most: its own, that its room is kept, and that a conversation is noted on both
/// sides or a change of a room shown in its history. As long as so many have no room below [`CHAT_UNCOMMITTED`], nothing that has
/// to be kept is taken.
pub const CHAT_APPENDS_AT_ONCE: usize = 4;

/// Age from which a message shown again bears its time in its text, for clients without server-time.
pub const CHAT_REPLAY_JUST_NOW: Duration = Duration::from_secs(10);

/// Time that a new connection of the line listener is waited for to say something before it becomes a guest. A longer one
/// would let silent listeners miss more; a shorter one would announce browsers and port scans.
pub const CHAT_GUEST_SETTLING: Duration = Duration::from_millis(300);

/// Bytes of one line of a guest, its line end not counted. What goes beyond becomes a message of its own.
pub const CHAT_GUEST_LINE: usize = 4 * 1024;

/// Silence after which what a guest has sent without a line end is a message.
pub const CHAT_GUEST_CHUNK_WAIT: Duration = Duration::from_millis(100);

/// Invitations that a user holds at a time; further ones are told but do not open the door.
pub const CHAT_INVITATIONS: usize = 64;

/// Rooms at a time. At the bound a new one takes the place of the room that has been empty for longest; when none has been for
/// [`CHAT_EMPTY_ROOM_SAFE`], it is refused with ERR_UNAVAILRESOURCE.
pub const CHAT_ROOMS: usize = 32_768;

/// Time for which an empty room is safe from giving its place to a new one, so that nobody ends others' rooms by making many.
/// A shorter setting `keep-empty-rooms` ends it earlier.
pub const CHAT_EMPTY_ROOM_SAFE: Duration = Duration::from_hours(30 * 24);

/// Rooms that a user is in at a time (ISUPPORT CHANLIMIT). Further ones are refused with ERR_TOOMANYCHANNELS.
pub const CHAT_ROOMS_PER_USER: usize = 100;

/// Bytes of a topic (ISUPPORT TOPICLEN): with the longest names it fits into a line. A longer one is cut between two
/// characters.
pub const CHAT_TOPIC: usize = 320;

/// Bytes of the reason of a KICK (ISUPPORT KICKLEN): with the longest names it fits into a line. A longer one is cut
/// between two characters.
pub const CHAT_KICK_REASON: usize = 280;

/// Nicknames in one KICK (ISUPPORT TARGMAX). Further ones are refused with ERR_TOOMANYTARGETS.
pub const CHAT_KICK_TARGETS: usize = 4;

/// Rooms in one NAMES (ISUPPORT TARGMAX), each with an end of its own (modern.ircdocs.horse). Further ones are refused with
/// ERR_TOOMANYTARGETS.
pub const CHAT_NAMES_TARGETS: usize = 4;

/// Bytes of a room's key (ISUPPORT KEYLEN). A longer one is refused with ERR_INVALIDKEY.
pub const CHAT_ROOM_KEY: usize = 32;

/// Entries of a room's lists together (ISUPPORT MAXLIST). Further ones are refused with ERR_BANLISTFULL. A message of a
/// member without a status is compared with each ban, so this bounds what it costs.
pub const CHAT_ROOM_LIST_ENTRIES: usize = 100;

/// Bytes in a session's queue above which its answers to LIST (ISUPPORT SAFELIST), WHO and NAMES wait until some are written;
/// a quarter of the setting `send-queue` if that is less.
pub const CHAT_ANSWER_QUEUE: usize = 64 * 1024;

/// Bytes of an answer to LIST, WHO or NAMES that come at once even above [`CHAT_ANSWER_QUEUE`], if they fit into half of
/// `send-queue`. The rest waits.
pub const CHAT_ANSWER_AT_ONCE: usize = 4 * 1024;

/// Rooms that LIST, and people that WHO and NAMES look at before others get their turn.
pub const CHAT_ANSWER_STEP: usize = 512;

/// Answers of one session to LIST, WHO and NAMES that go on later. From half of it on, none of its further lines is taken; it
/// is four times what one JOIN may ask for. Beyond it a question is refused with RPL_TRYAGAIN.
pub const CHAT_ANSWERS: usize = 4 * CHAT_ROOMS_PER_USER;

/// Users who left that WHOWAS remembers.
pub const CHAT_WHOWAS: usize = 1_024;

/// Bytes of an away message (ISUPPORT AWAYLEN). A longer one is cut.
pub const CHAT_AWAY: usize = 256;

/// Bytes of a real name (ISUPPORT NAMELEN). A longer one is cut in USER and refused in SETNAME.
pub const CHAT_REALNAME: usize = 128;

/// Nicknames that a user watches with MONITOR (ISUPPORT MONITOR). Further ones are refused with ERR_MONLISTFULL.
pub const CHAT_MONITOR: usize = 128;

/// Nicknames in one WHOIS or WHOWAS (ISUPPORT TARGMAX). The rest is ignored.
pub const CHAT_WHOIS_TARGETS: usize = 4;

/// Nicknames in one USERHOST (RFC 2812 §4.8). The rest is ignored.
pub const CHAT_USERHOST_TARGETS: usize = 5;

/// Users that one WHO, TRACE or STATS shows. Beyond it the answer is cut; WHO says so with ERR_TOOMANYMATCHES, the others, which
/// have no numeric for that, do not.
pub const CHAT_WHO_REPLIES: usize = 4_096;

/// Bytes of a mask in WHO. A longer one matches nobody.
pub const CHAT_WHO_MASK: usize = 128;

/// Clients that are one user at a time. A further one is refused with ERR_NICKNAMEINUSE.
pub const CHAT_SESSIONS_PER_USER: usize = 16;

/// Passwords being compared at a time, over all sessions. Beyond it, connections are closed and OPER is refused.
pub const CHAT_VERIFICATIONS: usize = 256;

/// Time between two OPER of one session. A sooner one is refused with RPL_TRYAGAIN.
pub const CHAT_OPER_INTERVAL: Duration = Duration::from_secs(3);

// # Chat accounts

/// Accounts, deleted ones counted, since their names stay taken. Beyond it nobody can register.
pub const CHAT_ACCOUNTS: usize = 32_768;

/// Nicknames that an account owns beside its name. Further ones are refused.
pub const CHAT_ACCOUNT_NICKS: usize = 8;

/// Bytes of the text that a password is compared with. A longer one is refused.
pub const CHAT_PASSWORD_HASH: usize = 256;

/// Characters that a new password has at least; a shorter one is refused as weak.
pub const CHAT_PASSWORD_MIN: usize = 8;

/// Bytes of a new password, so that it fits into any line that carries one. A longer one is refused.
pub const CHAT_PASSWORD_MAX: usize = 300;

/// Bytes of the reason of a suspension. A longer one is refused.
pub const CHAT_SUSPENSION_REASON: usize = 256;

/// Registrations at once from one network. Further ones are refused until [`CHAT_REGISTER_INTERVAL`] has passed.
pub const CHAT_REGISTER_BURST: u32 = 3;

/// Time after which one more registration is taken from one network.
pub const CHAT_REGISTER_INTERVAL: Duration = Duration::from_mins(10);

/// Rounds of PBKDF2 in the keys that SCRAM compares with, which every client makes again at each log-in. More take clients
/// longer; fewer make guessing from a stolen copy cheaper. Fixed, since decoys must look like accounts.
pub const CHAT_SCRAM_ITERATIONS: u32 = 15_000;

/// Wrong log-ins at once from one network; further ones are refused until [`CHAT_LOGIN_INTERVAL`] has passed.
pub const CHAT_LOGIN_BURST: u32 = 20;

/// Time after which one more wrong log-in is taken from one network.
pub const CHAT_LOGIN_INTERVAL: Duration = Duration::from_secs(10);

/// Wrong log-ins at once to one account, from wherever it was not used last; further ones are refused until
/// [`CHAT_ACCOUNT_LOGIN_INTERVAL`] has passed.
pub const CHAT_ACCOUNT_LOGIN_BURST: u32 = 10;

/// Time after which one more wrong log-in to one account is taken.
pub const CHAT_ACCOUNT_LOGIN_INTERVAL: Duration = Duration::from_secs(30);

/// Time from the choice of a SASL mechanism to the last response. At the bound the exchange is aborted (ERR_SASLABORTED).
pub const CHAT_SASL_TIMEOUT: Duration = Duration::from_secs(60);

/// Networks, and accounts, whose tries are remembered. Beyond it the one that has tried least is forgotten.
pub const CHAT_TRIES_KEPT: usize = 4_096;

// # Rooms of accounts

/// Rooms that one account is founder of (setting `rooms-per-account`). At the bound no further one can be registered or taken
/// over.
pub const CHAT_ROOMS_PER_ACCOUNT: usize = 32;

/// Rooms that are registered, of all that there may be ([`CHAT_ROOMS`]), for they never end by being empty. At the bound
/// none can be registered.
pub const CHAT_ROOMS_REGISTERED: usize = CHAT_ROOMS / 2;

/// Accounts that have access to one room, beside its founder. At the bound none can be added.
pub const CHAT_ROOM_ACCESS_ENTRIES: usize = 64;

/// Longest pause between two messages of one person that a room may ask for (mode `W`), in seconds: 6 hours. A longer one is
/// refused.
pub const CHAT_SLOW_SECONDS: u32 = 6 * 60 * 60;

/// People whose last message a room with slow mode remembers, and people whom its filters have muted, each. Beyond it those
/// whose time is over are forgotten, or else the one whose moment is the earliest.
pub const CHAT_ROOM_RESTRAINED: usize = 1_024;

/// Bytes of the pattern of a filter; it is also the most characters that it looks at. A longer one is refused.
pub const CHAT_FILTER_PATTERN: usize = 60;

/// Filters of one room. At the bound none can be added.
pub const CHAT_ROOM_FILTERS: usize = 16;

/// Filters of the whole server. At the bound none can be added.
pub const CHAT_SERVER_FILTERS: usize = 64;

/// Longest time for which a filter mutes somebody, in minutes: 30 days. A longer one is refused.
pub const CHAT_FILTER_MINUTES: u32 = 30 * 24 * 60;

/// Times that one room can get another name at once; further ones are refused until [`CHAT_RENAME_INTERVAL`] has passed.
pub const CHAT_RENAME_BURST: u32 = 2;

/// Time after which one room can get another name once more.
pub const CHAT_RENAME_INTERVAL: Duration = Duration::from_mins(1);
// # Chat credentials

/// Certificates that an account is known by. Further ones are refused.
pub const CHAT_ACCOUNT_CERTIFICATES: usize = 8;

/// App passwords of an account. Further ones are refused.
pub const CHAT_ACCOUNT_APPS: usize = 16;

/// Bytes of the name of an app password, which says what it is for. A longer one is refused.
pub const CHAT_APP_NAME: usize = 32;

/// Random bytes of an app password: 160 bits, so many that a fast hash is enough to keep it.
pub const CHAT_APP_SECRET: usize = 20;

/// Random bytes of an invitation's code: 120 bits, and 24 characters to type.
pub const CHAT_INVITE_SECRET: usize = 15;

/// Invitations to register at a time, expired ones not counted. Further ones are refused.
pub const CHAT_INVITES: usize = 1_024;

/// How often one invitation can be used at most. More are refused.
pub const CHAT_INVITE_USES: u32 = 1_000;

/// How long an invitation can be used at most. More is refused.
pub const CHAT_INVITE_AGE: Duration = Duration::from_hours(24 * 365);

/// How long an invitation can be used when nothing is said.
pub const CHAT_INVITE_AGE_DEFAULT: Duration = Duration::from_hours(24 * 7);

// # Chat control socket (spec/control.md)

/// Connections to the control socket at a time. Further ones wait to be accepted.
pub const CONTROL_CONNECTIONS: usize = 8;

/// Bytes of a request with its line end: messages of an imported room, most of all. A longer one is answered and the connection
/// closed.
pub const CONTROL_REQUEST: usize = 1 << 20;

/// Messages of an imported room in one request. More are refused.
pub const CONTROL_IMPORT: usize = 200;

/// Bytes of an answer with its line end. Lists come in pages that stay below it; whoever asks takes no longer one.
pub const CONTROL_ANSWER: usize = 1 << 20;

/// Rows of a list in one answer. The next page is a further request.
pub const CONTROL_ROWS: usize = 100;

/// Time between two requests on one connection. Then it is closed.
pub const CONTROL_IDLE: Duration = Duration::from_secs(30);

/// Time that the file of the store is left alone for who copies it. Then the connection is closed, and the copy void.
pub const CONTROL_FREEZE: Duration = Duration::from_secs(600);

/// Time for an answer: the disk may be slow. Then whoever asks is told that the outcome is not known.
pub const CONTROL_PATIENCE: Duration = Duration::from_secs(30);

// # Chat audit (spec/audit.md)

/// Time between two looks of `helio audit --follow`.
pub const AUDIT_FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

/// Records of the audit log that are kept, unless the settings say otherwise. Older ones are trimmed.
pub const CHAT_AUDIT_RECORDS: u32 = 100_000;

/// How long records of the audit log are kept, unless the settings say otherwise.
pub const CHAT_AUDIT_AGE: Duration = Duration::from_hours(24 * 365);

/// Records after which the audit log is trimmed again; so many more than allowed may be there. It is trimmed at each start, too.
pub const CHAT_AUDIT_SPARE: u32 = 256;

/// Bytes of what a record of the audit log tells of the deed. The rest is cut.
pub const CHAT_AUDIT_TEXT: usize = 400;
/// Users without a client at a time. Beyond it the one that has been without for longest leaves.
pub const CHAT_ALWAYS_ON: usize = 4_096;

/// How long a user stays without a client (setting `always-on-expiry`); then it leaves.
pub const CHAT_ALWAYS_ON_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// Time after which a change of where a user is who stays is on its way to the disk. A crash before that loses it; a short one
/// stores more.
pub const CHAT_STAY_SAVE: Duration = Duration::from_secs(10);
// # Keeping people out (spec/bans.md)

/// Bans of addresses and networks. One more is refused.
pub const CHAT_ADDRESS_BANS: usize = 16_384;

/// Bans by `user@host` and by account together, each of which is compared with who arrives. One more is refused.
pub const CHAT_MASK_BANS: usize = 1_024;

/// Bytes of the target of a ban. A longer one is refused.
pub const CHAT_BAN_TARGET: usize = 128;

/// Bytes of the reason of a ban. A longer one is cut.
pub const CHAT_BAN_REASON: usize = 256;

/// The longest ban that has an end. A longer one is refused.
pub const CHAT_BAN_TIME: Duration = Duration::from_hours(10 * 365 * 24);

/// For how long a ban that has ended is remembered, in case the clock was wrong. Longer keeps addresses on disk.
pub const CHAT_BAN_REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// New connections in a minute from one IPv4 address or IPv6 /64, unless the setting `connections-per-minute` says otherwise.
/// Further ones are told when to come again, and closed.
pub const CHAT_CONNECTIONS_PER_MINUTE: u32 = 60;

/// Time from a change of what was tried too often to when it is written. A kill loses as much.
pub const CHAT_THROTTLES_INTERVAL: Duration = Duration::from_secs(10);

/// Networks, or names, of each kind that are kept over a restart: those that tried most. A record of them stays under 64 KiB.
pub const CHAT_THROTTLES_KEPT: usize = 256;

/// Bans that STATS lists; the rest is counted.
pub const CHAT_BANS_LISTED: usize = 500;

// # Chat metadata (spec/metadata.md)

/// Bytes of a key of METADATA. A longer one is refused with FAIL.
pub const CHAT_METADATA_KEY: usize = 48;

/// Bytes of a value of METADATA (`max-value-bytes` of draft/metadata-2): with the longest names it fits into [`IRC_BODY`]. A longer
/// one is refused with FAIL.
pub const CHAT_METADATA_VALUE: usize = 288;

/// Keys that one person or room has (`max-keys`). Further ones are refused with FAIL.
pub const CHAT_METADATA_KEYS: usize = 16;

/// Keys that one session is subscribed to (`max-subs`). Further ones are refused with FAIL.
pub const CHAT_METADATA_SUBS: usize = 64;

/// Bytes of the keys and values of all. What would be more is refused with FAIL.
pub const CHAT_METADATA_ALL: usize = 64 << 20;

/// Changes of metadata at once by one account, or one user without an account. Further ones are refused with FAIL until
/// [`CHAT_METADATA_INTERVAL`] has passed.
pub const CHAT_METADATA_BURST: u32 = 20;

/// Time after which one more change of metadata is taken.
pub const CHAT_METADATA_INTERVAL: Duration = Duration::from_secs(3);

/// Time after which a client may ask for metadata again when too many of its answers wait (ERR_METADATASYNCLATER).
pub const CHAT_METADATA_LATER: Duration = Duration::from_secs(10);

// # Chat

/// Bytes of an IRC message without its tags, with its CR LF (RFC 1459 §2.3). A longer line from a client is refused with
/// ERR_INPUTTOOLONG; the last parameter of a longer one of ours is cut between two characters.
pub const IRC_BODY: usize = 512;

/// Bytes of a password: what fits into the line that carries it, PASS. A longer one is refused before it is hashed or sent.
pub const IRC_PASSWORD: usize = IRC_BODY - "PASS :\r\n".len();

/// Bytes of the tags of a line from a client, with the `@` and the space (IRCv3 message-tags). A line with more is
/// refused whole with ERR_INPUTTOOLONG; tags are never cut.
pub const IRC_TAGS_FROM_CLIENT: usize = 4_096;

/// Bytes of the tags of a line from a server, with the `@` and the space (IRCv3 message-tags): what the server adds and
/// what a client sent. A client of ours drops a line with more.
pub const IRC_TAGS_FROM_SERVER: usize = 8_191;

/// Bytes of the tags that a server adds to a line, without `@`, `;` before the client's tags and space (IRCv3
/// message-tags). A tag that would go beyond is left out.
pub const IRC_TAG_DATA_OF_SERVER: usize = 4_094;

/// Parameters of an IRC message (RFC 1459 §2.3). The last one takes the rest of the line.
pub const IRC_PARAMS: usize = 15;

/// Bytes of a nickname (ISUPPORT NICKLEN). A longer one is refused with ERR_ERRONEUSNICKNAME.
pub const IRC_NICK: usize = 32;

/// Bytes of a room's name with its `#` (ISUPPORT CHANNELLEN). A longer one is refused with ERR_BADCHANMASK.
pub const IRC_ROOM_NAME: usize = 64;

/// Bytes of a username without a `~` before it, which ISUPPORT USERLEN counts too. A longer one is cut.
pub const IRC_USER: usize = 16;

/// Bytes of a host name that is shown (ISUPPORT HOSTLEN). A longer one counts as none, and the address is shown.
pub const IRC_HOST: usize = 64;

/// Bytes of a mask `nick!user@host` after normalisation. A longer one is refused.
pub const IRC_MASK: usize = 128;

/// Tokens in one RPL_ISUPPORT line: [`IRC_PARAMS`] less the nickname and the text. More go into the next line.
pub const IRC_ISUPPORT_TOKENS: usize = 13;

/// Changes with an argument, lists asked for and refusals of one MODE message (ISUPPORT MODES). The rest of a longer
/// request is ignored, a longer announcement goes into several lines.
pub const IRC_MODE_CHANGES: usize = 8;

/// Conditions of one LIST (ISUPPORT ELIST). More are refused.
pub const IRC_LIST_FILTERS: usize = 16;

/// Bytes of the value of a `label` tag (IRCv3 labeled-response). A longer one is treated as no label.
pub const IRC_LABEL: usize = 64;
// # Chat client

/// Messages that wait to be sent (connection lost, or not acknowledged yet). Beyond it no more input is read; what a user
/// interface hands in beyond twice as many fails, and can be sent again.
pub const CHAT_CLIENT_WAITING: usize = 64;

/// Messages that are sent and not acknowledged, where the server answers labels. Below [`CHAT_WAITING_LINES`], so that
/// flood control delays a pasted text and never ends the connection. Elsewhere it is one.
pub const CHAT_CLIENT_IN_FLIGHT: usize = 16;

/// Bytes of one message: with the longest name and room that a server puts before it, it fits [`IRC_BODY`]. A longer
/// line is sent as several messages, cut at a space if there is one.
pub const CHAT_CLIENT_MESSAGE: usize = 300;

/// Bytes of one line of input. A longer one is taken as several lines.
pub const CHAT_CLIENT_INPUT_LINE: usize = 16 * 1024;

/// Rooms at a time. One more is refused.
pub const CHAT_CLIENT_ROOMS: usize = 64;

/// Messages whose ids are remembered, to know them again when they are repeated. The oldest is forgotten first.
pub const CHAT_CLIENT_SEEN: usize = 4_096;

/// Bytes of a message id. A message with a longer one counts as having none.
pub const CHAT_CLIENT_MSGID: usize = 256;

/// Nicknames that are tried when the wanted one is in use; then the client gives up.
pub const CHAT_CLIENT_NICK_TRIES: u8 = 9;

/// Names of members that are told on joining; of the others the number is.
pub const CHAT_CLIENT_MEMBERS: usize = 64;

/// Batches of lines that are open at a time. Lines of further ones are taken as ordinary lines.
pub const CHAT_CLIENT_BATCHES: usize = 32;

/// Bytes of lines that are kept until their batch ends. Further ones are dropped.
pub const CHAT_CLIENT_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Messages of the past that are asked for at a time. A server may show fewer.
pub const CHAT_CLIENT_HISTORY: usize = 50;

/// Pages of what was missed that are fetched at most; then what was here before it is forgotten, and may be fetched again.
pub const CHAT_CLIENT_HISTORY_PAGES: usize = CHAT_DESK_ENTRIES / CHAT_CLIENT_HISTORY;

/// Conversations of which it is asked after connecting what was said in them.
pub const CHAT_CLIENT_TARGETS: usize = 32;

/// Time by which the question for conversations reaches back behind what was heard last, for clocks that differ.
pub const CHAT_CLIENT_TARGETS_MARGIN: Duration = Duration::from_mins(5);

/// Time for the server to answer a question about the past or a room. Then the question is given up.
pub const CHAT_CLIENT_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Time between two PINGs that only measure, where somebody looks at it.
pub const CHAT_CLIENT_LAG_INTERVAL: Duration = Duration::from_secs(15);

/// Time between two notices that we are typing (typing: "at most once every 3 seconds").
pub const CHAT_CLIENT_TYPING_INTERVAL: Duration = Duration::from_secs(3);

/// Time for which somebody is shown as typing unless it is said again (typing).
pub const CHAT_CLIENT_TYPING_ACTIVE: Duration = Duration::from_secs(6);

/// The same for somebody who paused (typing).
pub const CHAT_CLIENT_TYPING_PAUSED: Duration = Duration::from_secs(30);

/// Time to be welcomed after connecting; then the connection is given up.
pub const CHAT_CLIENT_WELCOME_TIMEOUT: Duration = Duration::from_secs(30);

/// Silence of the server after which it is asked whether it is there.
pub const CHAT_CLIENT_SILENCE: Duration = Duration::from_secs(60);

/// Time for the server to say something when asked; then the connection counts as lost.
pub const CHAT_CLIENT_PING_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest wait before the first new try after a lost connection; it doubles up to [`CHAT_CLIENT_RETRY_MAX`]. The wait is
/// a random part of this, at least half, so that the clients of a restarted server do not come at once.
pub const CHAT_CLIENT_RETRY_MIN: Duration = Duration::from_secs(1);

/// Longest wait between two tries to connect.
pub const CHAT_CLIENT_RETRY_MAX: Duration = Duration::from_mins(1);

/// A connection that lasted this long starts the waits at [`CHAT_CLIENT_RETRY_MIN`] again.
pub const CHAT_CLIENT_STABLE: Duration = Duration::from_secs(30);

/// Time after a reconnection in which it must become known what became of the messages that were under way. Then they are
/// shown as unknown, and what waits behind them is sent.
pub const CHAT_CLIENT_DOUBT_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the server to close after QUIT.
pub const CHAT_CLIENT_QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of one read from the server.
pub const CHAT_CLIENT_READ: usize = 16 * 1024;

/// Bytes that wait to be written to the server. Beyond it nothing is read from it.
pub const CHAT_CLIENT_UNSENT: usize = 64 * 1024;

/// Time after the end of input in which everything must be acknowledged (setting `timeout`).
pub const CHAT_CLIENT_TIMEOUT: Duration = Duration::from_mins(1);

// # Chat client: the terminal

/// Bytes of what is being typed, and of one paste. What goes beyond is not taken, and that is said.
pub const TERMINAL_INPUT: usize = 16 * 1024;

/// Texts that were typed and can be recalled. The oldest is forgotten first.
pub const TERMINAL_HISTORY: usize = 200;

/// Characters of one grapheme cluster that are drawn. Marks beyond it, piled up to disturb, are left out.
pub const TERMINAL_CLUSTER: usize = 8;

/// Names that one completion offers. Further ones need another letter.
pub const TERMINAL_CANDIDATES: usize = 64;

/// Most rows of the screen for what is being typed, and at most a third of them. A longer text is scrolled through.
pub const TERMINAL_INPUT_ROWS: u16 = 8;

/// Shortest time between two pictures when only the network has news: what is typed is drawn at once. Shorter ones cost
/// processor time that nobody sees.
pub const TERMINAL_FRAME: Duration = Duration::from_millis(33);

/// Shortest time between two bells or desktop notices. What comes sooner is only shown.
pub const TERMINAL_NOTICE: Duration = Duration::from_secs(2);

/// Characters of a desktop notice. A longer one is cut.
pub const TERMINAL_NOTICE_CHARS: usize = 200;

/// Messages before the first one on the screen below which earlier ones are asked for.
pub const TERMINAL_AHEAD: usize = 50;

// # Chat client: what a person sees

/// Rooms that are shown at a time, those too that we were put out of. When one more comes, the one of these closes in which
/// nothing happened for longest. More than [`CHAT_CLIENT_ROOMS`], so there always is one.
pub const CHAT_DESK_ROOMS: usize = 128;

/// Private conversations that are kept open at a time. When one more begins, the one closes in which nothing happened for
/// longest.
pub const CHAT_DESK_PRIVATE: usize = 128;

/// Entries of one room or conversation that are kept. When more come, the oldest is forgotten; of earlier history no more
/// is asked for.
pub const CHAT_DESK_ENTRIES: usize = 4_000;

/// Bytes of the texts of one room or conversation that are kept. When more come, the oldest entries are forgotten.
pub const CHAT_DESK_TEXT: usize = 2 * 1024 * 1024;

/// Bytes of the text of one entry, whatever lines a server puts together. What is longer is cut.
pub const CHAT_DESK_ENTRY: usize = 16 * 1024;

/// Members of a room that are known by name. Further ones are counted only.
pub const CHAT_DESK_MEMBERS: usize = 10_000;

/// People that are shown as typing in one place. Further ones are not.
pub const CHAT_DESK_TYPING: usize = 16;

/// Different reactions to one message. Further ones are not shown.
pub const CHAT_DESK_REACTIONS: usize = 32;

/// People who gave one reaction to one message. Further ones are not shown.
pub const CHAT_DESK_REACTORS: usize = 64;

/// Bytes of one reaction. A longer one is none.
pub const CHAT_DESK_REACTION: usize = 64;

/// Reactions to messages that are not here yet, kept for when these are fetched. The oldest is forgotten first.
pub const CHAT_DESK_EARLY_REACTIONS: usize = 256;

// # Backup

/// Times that the store is copied when it was cleaned of deleted records meanwhile. After the last one the backup fails.
pub const BACKUP_ATTEMPTS: usize = 5;

/// Bytes copied or read at a time.
pub const BACKUP_PIECE_BYTES: usize = 1024 * 1024;

/// Bytes of a manifest. A longer one is refused.
pub const BACKUP_MANIFEST_BYTES: u64 = 1024 * 1024;

// # Store (spec/store.md)

/// Bytes of the name of a log or table, and of a key. A longer one cannot be made: the constructor refuses.
pub const STORE_NAME_BYTES: usize = 255;

/// Bytes of one record of a log. An append with a larger one fails, and nothing of its batch is committed.
pub const STORE_RECORD_BYTES: usize = 64 * 1024;

/// Bytes of one value of a table. Setting a larger one fails.
pub const STORE_VALUE_BYTES: usize = 64 * 1024;

/// Records of one batch, which is one commit. A larger batch fails as a whole; split it.
pub const STORE_BATCH_RECORDS: usize = 1_024;

/// Bytes of all records of one batch. A larger batch fails as a whole; split it.
pub const STORE_BATCH_BYTES: usize = 1024 * 1024;

/// Records, entries or logs that one read or list returns, whatever it asks for. Ask again from the last one.
pub const STORE_READ_RECORDS: usize = 1_000;

/// Bytes that one read or list returns, except that the first record always comes. Ask again from the last one.
pub const STORE_READ_BYTES: usize = 1024 * 1024;

/// Records that one trim removes. It returns how far it came; ask again.
pub const STORE_TRIM_RECORDS: usize = 4_096;

/// Bytes of records that one trim removes, except that the first always goes. It returns how far it came; ask again.
pub const STORE_TRIM_BYTES: usize = 8 * 1024 * 1024;

/// Records that one trim looks at to win back space, beside twice as many as it removed. The rest waits for the next.
pub const STORE_RECLAIM_RECORDS: usize = 512;

/// Bytes of removed records that are kept as dead space at least; below it none is won back.
pub const STORE_DEAD_BYTES: u64 = 1024 * 1024;

/// Logs that one follower follows. One more is refused.
pub const STORE_FOLLOWED_LOGS: usize = 10_000;

/// Bytes that a probe writes, so that its success means that there is room for messages too.
pub const STORE_PROBE_BYTES: usize = 64 * 1024;

/// Pages of SQLite's write-ahead log (4 KiB each) after which a commit copies them into the database.
pub const STORE_WAL_PAGES: u32 = 1_000;

/// SQLite's page cache in KiB. Pages beyond it are read from the file again.
pub const STORE_CACHE_KIB: i64 = 8 * 1024;

/// Prepared statements that are kept; the least used goes first. More than there are statements of ours.
pub const STORE_STATEMENTS: usize = 48;

/// Bytes that are read of the lock file to name its holder; the rest is ignored.
pub const STORE_HOLDER_BYTES: u64 = 64;

/// Bytes that may come while the database file is left alone for who copies it. Beyond it the copy is void, and made anew.
pub const STORE_FROZEN_BYTES: u64 = 1024 * 1024 * 1024;
// # Search (spec/search.md)

/// Messages in one shard of the search index. At the bound the next one begins. To erase a message its shard is made anew, so
/// more make that slower; fewer make every search ask more shards.
pub const SEARCH_SHARD_DOCUMENTS: usize = 16_384;

/// Bytes of text in one shard of the search index; at the bound the next one begins. Making it anew needs so much memory.
pub const SEARCH_SHARD_BYTES: usize = 8 * 1024 * 1024;

/// Logs that one search looks into: own rooms, and the private conversations in which something was said last.
pub const SEARCH_LOGS: usize = 512;

/// Messages that one search finds, whatever it asks for.
pub const SEARCH_RESULTS: usize = 100;

/// Words and phrases of one search. With more it is refused.
pub const SEARCH_TERMS: usize = 16;

/// Bytes of the text of one search, and of each other attribute. A longer one is refused.
pub const SEARCH_TEXT: usize = 256;

/// Letters that the beginning of a word needs to be searched for (`he*`). With fewer the search is refused: it would have to
/// look at most words that there are.
pub const SEARCH_PREFIX: usize = 2;

/// Time that a search has from when its turn comes. Then it is refused; who searches in a smaller part of the history has
/// an answer sooner.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(1);

/// Searches that wait for their turn. Further ones are refused.
pub const SEARCH_WAITING: usize = 256;

/// Messages that are put into the index in one commit.
pub const SEARCH_BATCH: usize = 1_024;

/// Messages, and positions of erased ones, that are read from the store at a time for the index. Whatever else is asked of the
/// store waits no longer than for these.
pub const SEARCH_SLICE: usize = 256;

/// Bytes of these messages, but for the first.
pub const SEARCH_SLICE_BYTES: usize = 128 * 1024;

/// Bytes of new messages that wait to be put into the index. At the bound they are dropped there, and read from the store
/// later.
pub const SEARCH_NEWS_BYTES: usize = 4 * 1024 * 1024;

/// How long new messages are collected before they are put into the index; a search does it at once.
pub const SEARCH_NEWS_PAUSE: Duration = Duration::from_secs(1);

/// Newest messages of the index that are compared with the store at start, until one can be.
pub const SEARCH_CHECKED: usize = 16;

/// The page cache of the index in KiB. Pages beyond it are read from the file again.
pub const SEARCH_CACHE_KIB: i64 = 8 * 1024;

/// Prepared statements for the index that are kept; the least used goes first.
pub const SEARCH_STATEMENTS: usize = 96;

// # TLS

/// Time for a TLS handshake, from the accepted connection on, its turn for [`TLS_HANDSHAKES_AT_ONCE`] included; then the
/// peer is dropped. An answer of the peer is all that takes long.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that a peer may send before the handshake is complete; then it is dropped. A handshake with a certificate and a
/// post-quantum key is below 10,000.
pub const TLS_HANDSHAKE_BYTES: usize = 32 * 1024;

/// Handshakes that compute at a time; the next wait their turn. One that waits for its peer does not count. Each takes
/// less than a millisecond of a thread, so this bounds how long everybody else waits when thousands connect at once.
pub const TLS_HANDSHAKES_AT_ONCE: usize = 4;

/// Encrypted bytes of one connection that wait for the kernel to take them. Beyond it, writing waits.
pub const TLS_SEND_BUFFER: usize = 64 * 1024;

/// Bytes of a file with certificates or a key; a longer one is refused.
pub const TLS_FILE_BYTES: usize = 1024 * 1024;

// # Chat service on sockets

/// Records of the log of settings for each room and account. A log with more than this, and [`CHAT_SETTINGS_SPARE`] beside, is replaced by
/// a snapshot at start.
pub const CHAT_SETTINGS_RATIO: usize = 4;

/// See [`CHAT_SETTINGS_RATIO`]: so many records take no time that anybody notices.
pub const CHAT_SETTINGS_SPARE: usize = 1_024;

/// Inputs that wait for the chat service's hub. At the bound connections wait with reading.
pub const CHAT_INPUTS: usize = 1_024;

/// Inputs that the hub takes before it writes. More wait for its next turn.
pub const CHAT_INPUTS_A_TURN: usize = 512;

/// How long the chat service waits for more to come when its last turn ended less than this ago. It is added to the latency
/// of a busy server, and taken from its work.
pub const CHAT_TURN_PAUSE: Duration = Duration::from_micros(300);

/// Inputs that are enough for a turn without waiting for more.
pub const CHAT_FULL_TURN: usize = 128;

/// Ended rooms whose conversations wait to be forgotten while there is nothing else to do on disk. At the bound the one that
/// waits longest is forgotten at once, and acknowledgements wait for that.
pub const CHAT_FORGETTING: usize = 65_536;

/// Records that are forgotten at a time before the store is asked for something else.
pub const CHAT_FORGET_STEP: usize = 256;

/// Bytes of one read from a chat connection. More wait in the kernel.
pub const CHAT_READ: usize = 16 * 1024;

/// Reads of one connection that the hub has not worked off. At the bound the connection is not read, so TCP holds its
/// peer back.
pub const CHAT_UNREAD_BATCHES: usize = 2;

/// Time for lines of a client that ended its connection and that flood control holds back; then its session ends, and what
/// is left is dropped: it would keep its name and its place in rooms for minutes. As long again is for the answers that were
/// promised to it, which wait for the disk; then they are dropped.
pub const CHAT_LEFT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of one encrypted or WebSocket connection between the hub and the connection's task. More wait in the session's queue.
pub const CHAT_HANDED_BYTES: usize = 64 * 1024;

/// Bytes of one message of a WebSocket; a longer one ends the connection. More than a line, so that one that is a little
/// too long gets its answer.
pub const CHAT_WEB_MESSAGE: usize = 12 * 1024;

/// Bytes of each of the two buffers of a WebSocket. More wait in the kernel and in the session's queue.
pub const CHAT_WEB_BUFFER: usize = 4 * 1024;

/// Time for the request of a connection to the web listener; then it is dropped.
pub const CHAT_WEB_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Passwords that are compared at a time; each takes a thread and 19 MiB for some 20 ms. More wait.
pub const CHAT_VERIFIERS: usize = 2;

/// Passwords that wait to be compared. Who gives one more is told to try again later.
pub const CHAT_VERIFY_WAITING: usize = 64;

/// Time for telling everyone and committing everything when the program ends; then connections are cut.
pub const CHAT_STOP_TIMEOUT: Duration = Duration::from_millis(1_200);

/// Time that a peer has to close its end when the program ends; then it is cut.
pub const CHAT_STOP_LINGER: Duration = Duration::from_millis(300);

/// Lines of the message of the day. More are refused when settings are read.
pub const CHAT_MOTD_LINES: usize = 200;

/// Bytes of a line of the message of the day, and of each text about who runs the server. A longer one is refused when
/// settings are read.
pub const CHAT_MOTD_LINE: usize = 400;

/// Least value of the setting `send-queue`: the welcome of a client must fit.
pub const CHAT_SENDQ_MIN: usize = 64 * 1024;

/// Greatest value of the setting `send-queue`; each client that does not read may take that much memory.
pub const CHAT_SENDQ_MAX: usize = 1024 * 1024 * 1024;

// # Authentication (SASL)

/// Characters of base64 in one AUTHENTICATE line (IRCv3 sasl-3.1). A longer line is refused; exactly as many announce
/// another line.
pub const SASL_PIECE: usize = 400;

/// Bytes of one response or challenge, of all its lines together: 30 full ones. A longer one is refused, and with it the
/// exchange.
pub const SASL_RESPONSE: usize = 9_000;

/// Bytes of a name in an exchange: whose password it is, and whom to act as. RFC 4616 §2 asks for 255 at least. A longer
/// one is refused.
pub const SASL_NAME: usize = 255;

/// Bytes of a password, as sent and as prepared. RFC 4616 §2 asks for 255 at least. A longer one is refused.
pub const SASL_PASSWORD: usize = 1_024;

/// Characters of the nonce of SCRAM: that of the client and that of the server together. A longer one ends the exchange.
pub const SCRAM_NONCE: usize = 1_024;

/// Bytes of a salt that a client takes from a server. A longer one ends the exchange.
pub const SCRAM_SALT: usize = 1_024;

/// Least rounds of PBKDF2 in keys that we make or that a client takes from a server (RFC 7677 §4). Fewer would let who
/// pretends to be the server guess the password cheaply; they end the exchange.
pub const SCRAM_ITERATIONS_MIN: u32 = 4_096;

/// Most rounds of PBKDF2 in keys that we make or that a client takes from a server: more end the exchange, since a
/// server could keep its clients computing.
pub const SCRAM_ITERATIONS_MAX: u32 = 2_000_000;

// # Operations (metrics, health, doctor)

/// Connections at a time to the listener for metrics and health. Further ones wait to be accepted.
pub const METRICS_CONNECTIONS: usize = 16;

/// Time for one request for metrics or health, with its answer; then the connection is dropped.
pub const METRICS_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of one request for metrics or health, with its header. A longer one ends the connection.
pub const METRICS_REQUEST: usize = 16 * 1024;

/// Longest sleep of a thread that the watchdog looks at: an idle one wakes so often to show that it can.
pub const WATCHDOG_TICK: Duration = Duration::from_secs(10);

/// A watched thread that has not come round for so long is not ready: the disk hangs, or the machine stands still.
pub const WATCHDOG_NOT_READY: Duration = Duration::from_secs(30);

/// A watched thread that has not come round for so long is stuck: health fails, and the supervisor is not told any more
/// that the program lives.
pub const WATCHDOG_STUCK: Duration = Duration::from_secs(5 * 60);

/// Time between two looks at what is not worth counting all the time: the size of the store.
pub const METRICS_SAMPLE_INTERVAL: Duration = Duration::from_secs(30);

/// Days before the end of a certificate from which `helio doctor` warns of it.
pub const DOCTOR_CERTIFICATE_DAYS: i64 = 21;

/// Bytes free on the disk of the data directory below which `helio doctor` warns, and a tenth of it below which it fails.
pub const DOCTOR_FREE_BYTES: u64 = 1024 * 1024 * 1024;

/// Inodes free there below which `helio doctor` warns, and a tenth of it below which it fails.
pub const DOCTOR_FREE_INODES: u64 = 10_000;

/// Files that the program needs open beside one for each connection: the store, listeners, the runtime.
pub const DOCTOR_SPARE_FILES: u64 = 64;

/// Time for an answer of what listens on a port of ours, when `helio doctor` asks.
pub const DOCTOR_PROBE_TIMEOUT: Duration = Duration::from_secs(2);
// # Chat redaction (spec/event-log.md)

/// REDACT of one session that wait for the disk. From it on, none of its further lines is taken until one is answered; one that
/// comes all the same is refused with FAIL.
pub const CHAT_REDACTIONS: usize = 4;

/// REDACT of all sessions, those that ended included, that wait for the disk. One more is refused with FAIL.
pub const CHAT_REDACTIONS_TOTAL: usize = 4_096;

/// Bytes of the reason of a REDACT: with the longest names and identity it fits into a line. A longer one is cut between two
/// characters.
pub const CHAT_REDACT_REASON: usize = 240;

/// The newest messages that somebody without an account may redact while they are there. Older ones take a room's operator.
pub const CHAT_OWN_MESSAGES: usize = 64;

// # Getting in (spec/known-servers.md)

/// Bytes of the token in the link of an invitation. A link with a longer one is not followed.
pub const CHAT_LINK_TOKEN: usize = 64;

/// Servers that `helio chat` keeps fingerprints and accounts of. Before one more is kept, the one that was used least recently and
/// has no account is forgotten; if all have one, the new one is not kept, and that is told.
pub const CHAT_KNOWN_SERVERS: usize = 256;

/// Bytes of the file with them. A longer one is an error, since it is none of ours.
pub const CHAT_KNOWN_BYTES: usize = 256 * 1024;

/// Random bytes of the password that a client makes for an account: 160 bits.
pub const CHAT_OWN_PASSWORD: usize = 20;

/// Bytes of one message of a WebSocket from a server; a longer one ends the connection. Far more than a line with all its tags.
pub const CHAT_CLIENT_WEB_MESSAGE: usize = 64 * 1024;
