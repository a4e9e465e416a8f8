//! Chat on a full disk: senders are told, nothing acknowledged is lost, and it goes on when there is room (`spec/event-log.md`,
//! "Order and acknowledgement").

use crate::chat_kill::stored::stored;
use crate::chat_kill::talker::Line;
use crate::metrics::{http, metrics_address};
use crate::support::chat::{Client, ON_ANY_PORT, address, serve_chat};
use crate::support::small_disk::SmallDisk;
use crate::support::{Running, eventually, without};
use std::collections::BTreeSet;
use std::net::SocketAddr;

const CAPABILITIES: &str = "echo-message labeled-response message-tags batch standard-replies";

/// Somebody who says one message after another.
struct Sender {
    client: Client,
    nick: String,
    said: usize,
    acknowledged: Vec<String>,
    refused: Vec<String>,
}

impl Sender {
    fn join(at: SocketAddr, nick: &str) -> Self {
        let client = Client::join_with(at, nick, CAPABILITIES, "#room");
        Self { client, nick: nick.into(), said: 0, acknowledged: Vec::new(), refused: Vec::new() }
    }

    /// Says a message and waits for its answer; `None`: it is kept, else the code of the refusal.
    fn say(&mut self) -> Option<String> {
        let text = format!("{}.{}.{}", self.nick, self.said, "x".repeat(300));
        let label = format!("{}.{}", self.nick, self.said);
        self.said += 1;
        self.client.say(&format!("@label={label} PRIVMSG #room :{text}"));
        let answer = loop {
            let line = self.client.hear(&format!("label={label}"));
            if Line::parse(&line).tag("label") == Some(&label) {
                break line;
            }
        };
        let line = Line::parse(&answer);
        if line.verb == "PRIVMSG" {
            self.acknowledged.push(text);
            return None;
        }
        assert_eq!((line.verb, line.params[0]), ("FAIL", "PRIVMSG"), "{answer}");
        self.refused.push(text);
        Some(line.params[1].into())
    }
}

fn start(disk: &SmallDisk) -> Running {
    let mut command = disk.helio();
    serve_chat(&mut command, disk.path());
    command.env("HELIO_METRICS_LISTEN", "127.0.0.1:0");
    Running::start(&mut command)
}

#[test]
fn a_full_disk_refuses_messages_and_loses_none_that_it_took() {
    let Some(disk) = SmallDisk::mount(1024) else { return };
    if without("python3") {
        return;
    }
    std::fs::write(disk.outside().join("helio.toml"), ON_ANY_PORT).unwrap();
    let mut serving = start(&disk);
    let at = address(&mut serving);
    let metrics = metrics_address(&serving.wait_for("Metrics: "));
    let is_ready = || http(metrics, "GET /readyz");
    assert_eq!(is_ready().1, "ok\n");
    let mut senders: Vec<Sender> = (0..4).map(|n| Sender::join(at, &format!("ann{n}"))).collect();
    let mut onlooker = Client::join(at, "bob");

    // The one whose message met the full disk is told that others saw it; everybody after that, that nothing is taken.
    assert_eq!(fill(&mut senders), ["MESSAGE_NOT_STORED", "STORE_UNAVAILABLE"]);
    let seen = senders.iter().flat_map(|sender| &sender.refused).next().unwrap();
    onlooker.hear(seen);
    senders[0].client.say("TOPIC #room :no room for this");
    senders[0].client.hear("FAIL TOPIC STORE_UNAVAILABLE");

    let (status, why) = is_ready();
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(why, "the store fails, messages are refused\n");
    assert_eq!(http(metrics, "GET /healthz").1, "ok\n", "to start it again would not help");

    disk.resize(2048);
    eventually("with room there, messages are taken", || senders.iter_mut().all(|sender| sender.say().is_none()));
    eventually("it is ready again", || is_ready().1 == "ok\n");
    fill(&mut senders);
    assert!(kill_and_compare(&disk, serving, &senders) > 20);

    // It does not start with nowhere to write, and says why. What is there stays there.
    let (status, _, errors) = start(&disk).wait();
    assert_eq!(status.code(), Some(7), "{errors}");
    assert!(errors.contains("no room for") && errors.contains("free some space on that disk"), "{errors}");
    disk.resize(64 * 1024);
    let mut serving = start(&disk);
    senders.push(Sender::join(address(&mut serving), "eve"));
    let last = senders[0].acknowledged.last().unwrap().clone();
    senders[4].client.hear(&last);
    assert_eq!(senders[4].say(), None);
    kill_and_compare(&disk, serving, &senders);
}

/// Everybody talks until two ways of refusing were met.
fn fill(senders: &mut [Sender]) -> Vec<String> {
    let mut codes = BTreeSet::new();
    while codes.len() < 2 {
        codes.extend(senders.iter_mut().filter_map(Sender::say));
    }
    codes.into_iter().collect()
}

/// Kills the server and compares; how many messages are there.
fn kill_and_compare(disk: &SmallDisk, serving: Running, senders: &[Sender]) -> usize {
    drop(serving);
    let stored: Vec<String> = stored(&disk.outside().join("data")).into_iter().map(|met| met.text).collect();
    for sender in senders {
        let own = format!("{}.", sender.nick);
        let kept: Vec<_> = stored.iter().filter(|text| text.starts_with(&own)).collect();
        assert!(kept.iter().copied().eq(&sender.acknowledged), "{} has {} messages", sender.nick, kept.len());
    }
    stored.len()
}
