//! The service on real sockets, with a store in memory.

mod web;

use super::watched::Watched;
use super::*;
use crate::driver::Timeouts;
use crate::event::Events;
use crate::stop::Stop;
use helio_core::chat::{Operator, SETTINGS_LOG};
use helio_net::clock::Clock;
use helio_store::memory::MemoryStore;
use helio_store::{Append, LogName};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Far longer than anything here takes; reaching it is a failure, never a wait.
const PLENTY: Duration = Duration::from_secs(30);

pub(super) struct World {
    pub(super) stop: Stop,
    running: Running,
}

impl World {
    async fn start(settings: Settings, store: Box<dyn Log + Send>) -> Result<Self, ChatError> {
        Self::start_with(settings, store, None).await
    }

    /// The same with an index for searches in a file.
    pub(super) async fn start_with(
        settings: Settings,
        store: Box<dyn Log + Send>,
        search: Option<PathBuf>,
    ) -> Result<Self, ChatError> {
        let stop = Stop::default();
        let context = Context {
            clock: Clock::start(),
            events: Events::none(),
            stop: stop.clone(),
            timeouts: Timeouts::default(),
            reread: Arc::default(),
            ops: Arc::default(),
        };
        let settings = ChatSettings { chat: settings, doors: vec![irc()], origins: Vec::new() };
        let permits = Arc::new(Semaphore::new(100));
        let parts = Parts { store, search, tls: None, permits, control: None };
        Ok(Self { stop, running: start(&context, settings, parts).await? })
    }

    /// New settings.
    pub(super) async fn change(&mut self, settings: Settings) {
        let settings = ChatSettings { chat: settings, doors: vec![irc()], origins: Vec::new() };
        self.running.change(settings).await.unwrap();
    }

    /// Somebody called `nick`, in `#room`.
    pub(super) async fn join(&self, nick: &str, caps: &str) -> Client {
        let (_, address) = self.running.bound().remove(0);
        let at = address.to_string().replace("tcp://", "");
        let mut client = Client { stream: BufReader::new(TcpStream::connect(at).await.unwrap()) };
        client
            .say(&format!("CAP REQ :{caps}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r\nJOIN #room"))
            .await;
        client.hear(" 366 ").await;
        client
    }
}

pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(super) async fn say(&mut self, lines: &str) {
        self.stream.write_all(format!("{lines}\r\n").as_bytes()).await.unwrap();
    }

    /// The next line that holds `text`.
    pub(super) async fn hear(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PLENTY, self.stream.read_line(&mut line)).await;
            let length = read.unwrap_or_else(|_| panic!("no line with {text:?}")).unwrap();
            assert!(length > 0, "closed without a line with {text:?}");
            if line.contains(text) {
                return line.trim_end().to_owned();
            }
        }
    }
}

fn irc() -> Door {
    Door { speech: Speech::Irc, address: Address::loopback(0), is_optional: false }
}

pub(super) fn settings() -> Settings {
    Settings::new("heliograph-test")
}

/// The bound [`limits::CHAT_SENDQ`], and that nobody else waits for who does not read.
#[tokio::test(flavor = "multi_thread")]
async fn one_who_does_not_read_delays_nobody_and_is_closed() {
    let settings = Settings { send_queue: limits::CHAT_SENDQ_MIN, ..settings() };
    let world = World::start(settings, Box::new(MemoryStore::new())).await.unwrap();
    let _deaf = world.join("deaf", "echo-message").await;
    talk_until_deaf_is_gone(&world).await;
}

/// The same of one whose bytes its own task writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_web_client_that_does_not_read_is_closed() {
    let settings = Settings { send_queue: limits::CHAT_SENDQ_MIN, ..settings() };
    let mut world = World::start(settings.clone(), Box::new(MemoryStore::new())).await.unwrap();
    let web = Door { speech: Speech::Web, address: Address::loopback(0), is_optional: false };
    world.running.change(ChatSettings { chat: settings, doors: vec![irc(), web], origins: Vec::new() }).await.unwrap();
    let mut eve = world.join("eve", "").await;
    let (_, address) = world.running.bound().remove(1);
    let stream = TcpStream::connect(address.to_string().replace("tcp://", "")).await.unwrap();
    let mut deaf = Client { stream: BufReader::new(stream) };
    deaf.say(
        "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    )
    .await;
    deaf.hear("HTTP/1.1 101 ").await;
    for line in ["NICK deaf", "USER deaf 0 * :deaf", "JOIN #room"] {
        // RFC 6455 §5.2: a text of less than 126 bytes, under a mask that changes nothing.
        let head = [0x81, 0x80 | u8::try_from(line.len()).unwrap(), 0, 0, 0, 0];
        deaf.stream.write_all(&[&head, line.as_bytes()].concat()).await.unwrap();
    }
    eve.hear(":deaf!").await;
    drop(eve);
    talk_until_deaf_is_gone(&world).await;
}

/// The bound `per-address`, before the request too.
#[tokio::test(flavor = "multi_thread")]
async fn web_connections_that_say_nothing_count() {
    let mut settings = settings();
    settings.connections.exempt = Vec::new();
    settings.connections.per_address = 3;
    let mut world = World::start(settings.clone(), Box::new(MemoryStore::new())).await.unwrap();
    let web = Door { speech: Speech::Web, address: Address::loopback(0), is_optional: false };
    world.running.change(ChatSettings { chat: settings, doors: vec![web], origins: Vec::new() }).await.unwrap();
    let (_, address) = world.running.bound().remove(0);
    let at = address.to_string().replace("tcp://", "");
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(&at).await.unwrap());
    }
    let ask = async || {
        let mut stream = TcpStream::connect(&at).await.unwrap();
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PLENTY, stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(ask().await, "");
    silent.pop();
    let freed = async { while !ask().await.starts_with("HTTP/1.1 200 ") {} };
    tokio::time::timeout(PLENTY, freed).await.unwrap();
}

/// Ann and Bob hear each other all the time.
async fn talk_until_deaf_is_gone(world: &World) {
    let mut ann = world.join("ann", "echo-message").await;
    let mut bob = world.join("bob", "echo-message").await;
    let text = "x".repeat(400);
    // Kernel buffers take some megabytes before the queue fills.
    for round in 0.. {
        assert!(round < 500, "still not closed");
        let lines = vec![format!("PRIVMSG #room :{round} {text}"); 100];
        ann.say(&lines.join("\r\n")).await;
        for _ in 0..100 {
            bob.hear(&format!("#room :{round} ")).await;
        }
        ann.say(&format!("ISON deaf\r\nPING {round}")).await;
        let ison = ann.hear(" 303 ").await;
        if !ison.ends_with("deaf") {
            return;
        }
    }
}

/// The bound [`limits::CHAT_LEFT_TIMEOUT`], both when the end was read and when it waits behind what was not.
#[tokio::test(flavor = "multi_thread")]
async fn one_who_floods_and_leaves_is_gone_soon() {
    let mut settings = settings();
    settings.flood.exempt = Vec::new();
    settings.flood.lines_per_second = 1;
    let world = World::start(settings, Box::new(MemoryStore::new())).await.unwrap();
    let mut ann = world.join("ann", "").await;
    // They half-close: a close with unread bytes is a reset, which the next write would meet.
    let mut flooders = Vec::new();
    for (nick, lines) in [("bob", 500), ("bea", 10_000)] {
        let mut flooder = world.join(nick, "").await;
        flooder.say(&["AWAY"].repeat(lines).join("\r\n")).await;
        flooder.stream.shutdown().await.unwrap();
        flooders.push(flooder);
    }
    for _ in &flooders {
        ann.hear(" QUIT ").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_control_holds_a_client_back_and_loses_nothing() {
    let mut settings = settings();
    settings.flood.exempt = Vec::new();
    settings.flood.lines_per_second = 200;
    settings.flood.burst = 8;
    let world = World::start(settings, Box::new(MemoryStore::new())).await.unwrap();
    let mut ann = world.join("ann", "echo-message").await;
    let clock = Clock::start();
    let start = clock.now();
    let pings: Vec<_> = (0..300).map(|n| format!("PING :token{n}.")).collect();
    ann.say(&pings.join("\r\n")).await;
    for n in 0..300 {
        ann.hear(&format!("token{n}.")).await;
    }
    // However slow this machine is, it can only take longer: all lines but a burst wait for their turn at this rate.
    let least = Duration::from_secs(300 - 8) / 200;
    let taken = clock.now().since(start);
    assert!(taken >= least, "300 lines took {taken:?}, the rate allows {least:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_behind_a_password_is_answered_behind_it() {
    let boss = Operator { name: "boss".to_owned(), password_hash: hash_password("secret").unwrap() };
    let settings = Settings { operators: vec![boss], ..settings() };
    let world = World::start(settings, Box::new(MemoryStore::new())).await.unwrap();
    let mut ann = world.join("ann", "").await;
    ann.say("OPER boss secret\r\nPING behind\r\nPART #room").await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        let line = ann.hear("").await;
        answers.push(line.split(' ').nth(1).unwrap_or_default().to_owned());
    }
    assert_eq!(answers, ["MODE", "MODE", "381", "PONG", "PART"]);
}

/// A disk that can be made to fail or to hang, and code that can be made to panic.
#[derive(Default)]
struct Faults {
    fails: AtomicBool,
    panics: AtomicBool,
    /// While somebody has it, appends wait.
    gate: tokio::sync::Mutex<()>,
}

/// A store that has them.
fn store_with(faults: &Arc<Faults>) -> Box<dyn Log + Send> {
    let faults = faults.clone();
    Box::new(Watched::new(MemoryStore::new(), move |call| {
        if matches!(call, "append" | "probe") && faults.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Full { path: PathBuf::from("/test"), detail: "as told".to_owned() });
        }
        if call == "append" {
            assert!(!faults.panics.load(Ordering::Relaxed), "as told");
            drop(faults.gate.blocking_lock());
        }
        Ok(())
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_kept_is_told_and_others_follow_when_the_disk_works_again() {
    let faults = Arc::new(Faults::default());
    let world = World::start(settings(), store_with(&faults)).await.unwrap();
    let mut ann = world.join("ann", "echo-message standard-replies").await;
    let mut bob = world.join("bob", "").await;
    ann.say("PRIVMSG #room :kept").await;
    ann.hear("PRIVMSG #room :kept").await;
    faults.fails.store(true, Ordering::Relaxed);
    ann.say("PRIVMSG #room :lost").await;
    ann.hear("FAIL PRIVMSG").await;
    // Those who saw it keep what they saw.
    bob.hear("#room :lost").await;
    faults.fails.store(false, Ordering::Relaxed);
    let again = async {
        loop {
            ann.say("PRIVMSG #room :again").await;
            if ann.hear("PRIVMSG").await.contains("PRIVMSG #room :again") {
                return;
            }
        }
    };
    tokio::time::timeout(PLENTY, again).await.unwrap();
}

/// The bound [`limits::CHAT_LEFT_TIMEOUT`] again, on a disk that hangs.
#[tokio::test(flavor = "multi_thread")]
async fn one_who_left_and_waits_for_the_disk_is_closed_in_the_end() {
    let faults = Arc::new(Faults::default());
    let world = World::start(settings(), store_with(&faults)).await.unwrap();
    let mut ann = world.join("ann", "echo-message").await;
    let mut bob = world.join("bob", "").await;
    let hanging = faults.gate.lock().await;
    ann.say("PRIVMSG #room :never kept").await;
    ann.stream.shutdown().await.unwrap();
    bob.hear("#room :never kept").await;
    bob.hear(" QUIT ").await;
    let mut rest = String::new();
    let _ = tokio::time::timeout(PLENTY, ann.stream.read_to_string(&mut rest)).await.expect("the connection ends");
    assert!(!rest.contains("never kept"), "{rest}");
    drop(hanging);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_store_is_lost_who_waits_is_told_and_the_program_fails() {
    let faults = Arc::new(Faults::default());
    let world = World::start(settings(), store_with(&faults)).await.unwrap();
    let mut ann = world.join("ann", "echo-message standard-replies").await;
    let mut bob = world.join("bob", "").await;
    faults.panics.store(true, Ordering::Relaxed);
    ann.say("PRIVMSG #room :lost").await;
    bob.hear("#room :lost").await;
    ann.hear("FAIL PRIVMSG MESSAGE_NOT_STORED").await;
    ann.hear("ERROR :Closing link: Server is shutting down").await;
    drop((ann, bob));
    assert!(world.stop.finish(PLENTY).await);
    assert!(world.stop.failure().is_some_and(|why| why.contains("chat-store")), "{:?}", world.stop.failure());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_hub_is_lost_nobody_waits_for_it_and_the_program_fails() {
    let world = World::start(settings(), Box::new(MemoryStore::new())).await.unwrap();
    let mut ann = world.join("ann", "").await;
    assert!(world.running.hub.send(Input::Panic).await.is_ok());
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(PLENTY, ann.stream.read_to_end(&mut rest)).await.expect("the connection ends");
    assert!(world.stop.finish(PLENTY).await);
    assert!(world.stop.failure().is_some_and(|why| why.contains("chat-hub")), "{:?}", world.stop.failure());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_record_is_named_with_its_place() {
    let mut store = MemoryStore::new();
    let log = LogName::new(SETTINGS_LOG).unwrap();
    store.append(&[Append { log: &log, expected: None, bytes: b"{\"event\":\"unheard of\"}" }]).unwrap();
    let Err(error) = World::start(settings(), Box::new(store)).await else { panic!("started") };
    assert!(error.to_string().starts_with("record 1 of the log `settings` cannot be used: "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_door_opens_when_its_port_is_free() {
    let mut world = World::start(settings(), Box::new(MemoryStore::new())).await.unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::loopback(taken.local_addr().unwrap().port());
    let web = |is_optional| Door { speech: Speech::Web, address: address.clone(), is_optional };
    let with = |door| ChatSettings { chat: settings(), doors: vec![irc(), door], origins: Vec::new() };
    assert!(matches!(world.running.change(with(web(false))).await, Err(BindError::InUse { .. })));
    world.running.change(with(web(true))).await.unwrap();
    assert_eq!(world.running.bound().len(), 1);
    drop(taken);
    world.running.change(with(web(true))).await.unwrap();
    assert_eq!(world.running.bound().len(), 2);
    world.running.change(with(web(false))).await.unwrap();
    assert_eq!(world.running.bound().len(), 2, "it is the same door");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_everybody_is_told_and_every_thread_ends() {
    let world = World::start(settings(), Box::new(MemoryStore::new())).await.unwrap();
    let (mut ann, _silent) = (world.join("ann", "").await, world.join("bob", "").await);
    world.stop.begin();
    ann.hear("ERROR :Closing link: Server is shutting down").await;
    drop(ann);
    assert!(world.stop.finish(PLENTY).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_is_widened_and_comes_back_when_another_cannot_be_opened() {
    let mut world = World::start(settings(), Box::new(MemoryStore::new())).await.unwrap();
    let mut ann = world.join("ann", "").await;
    let port = world.running.bound()[0].1.port;
    let at = |address: &str| Door { address: address.parse().unwrap(), ..irc() };
    let with = |doors| ChatSettings { chat: settings(), doors, origins: Vec::new() };
    world.running.change(with(vec![at(&format!("*:{port}"))])).await.unwrap();
    let wide = world.running.bound();
    assert!(wide.len() == 1 && wide[0].1.port == port && !wide[0].1.to_string().contains("127.0.0.1"), "{wide:?}");
    let _bob = world.join("bob", "").await;
    // Who was there has noticed nothing.
    ann.hear(":bob!").await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let doors = vec![at(&format!("127.0.0.1:{port}")), at(&taken.local_addr().unwrap().to_string())];
    assert!(matches!(world.running.change(with(doors)).await, Err(BindError::InUse { .. })));
    assert_eq!(world.running.bound(), wide);
    let _eve = world.join("eve", "").await;
    ann.hear(":eve!").await;
}
