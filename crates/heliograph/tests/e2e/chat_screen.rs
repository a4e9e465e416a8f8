//! `helio chat` on a terminal: two people in tmux, on the chat service of `helio serve`.

use crate::support::chat::{ON_ANY_PORT, address, chat};
use crate::support::tmux::Tmux;
use crate::support::{Running, eventually, without};
use std::path::Path;
use tempfile::TempDir;

/// Somebody at a terminal. The shell tells afterwards how it ended, and in which state the terminal is.
struct Person {
    tmux: Tmux,
    _home: TempDir,
}

impl Person {
    fn start(server: &str, nick: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let helio = env!("CARGO_BIN_EXE_helio");
        let script = format!(
            "{helio} chat {server} --room tea --nick {nick}; echo \"left with $?\"
             echo terminal $(stty -a | tr ' ' '\\n' | grep -x -e icanon -e -icanon -e echo -e -echo); read wait"
        );
        let environment = ["env", "TZ=UTC", "TERM=screen-256color"];
        let tmux = Tmux::start(home.path(), 80, 50, &[&environment[..], &["sh", "-c", &script]].concat());
        let person = Self { tmux, _home: home };
        person.tmux.sees(&format!(" {nick} │"));
        person
    }
}

/// A server, and two people who see each other there.
struct Together {
    serving: Running,
    at: String,
    ada: Person,
    ben: Person,
}

fn together(data: &Path) -> Together {
    let mut serving = Running::start(&mut chat(data, ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let (ada, ben) = (Person::start(&at, "ada"), Person::start(&at, "ben"));
    ada.tmux.sees("ben came in");
    Together { serving, at, ada, ben }
}

/// The part of a line behind the rooms: time, name, words.
fn said(line: &str) -> String {
    let words = line.split('│').skip(1).map(str::trim).collect::<Vec<_>>();
    words.join(" │ ")
}

#[test]
fn two_people_talk_at_their_terminals() {
    if without("tmux") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Together { ada, ben, .. } = &together(dir.path());
    ada.tmux.type_line("is there any 茶 left? 👍🏽");
    let seen = said(&ben.tmux.sees("left?"));
    assert!(seen.ends_with("ada │ is there any 茶 left? 👍🏽"), "{seen}");
    // Picked by a key, answered and reacted to.
    ben.tmux.key("C-Up");
    ben.tmux.key("Enter");
    ben.tmux.sees("reply to ada: is there any");
    ben.tmux.type_line("yes, in the tin");
    ada.tmux.sees("╭ ada: is there any");
    ada.tmux.sees("yes, in the tin");
    ada.tmux.key("C-Up");
    ada.tmux.types("e4");
    ben.tmux.sees("🎉 ada");
    // What is typed is seen while it is typed.
    ada.tmux.types("hm");
    ben.tmux.sees("ada is typing");
    ada.tmux.key("C-c");
    // Another size; the first of the rooms is the server.
    ben.tmux.resize(60, 20);
    eventually("the rooms are folded away", || !ben.tmux.screen().contains("1 helio"));
    ben.tmux.sees("yes, in the tin");
    ada.tmux.type_line("/quit");
    ada.tmux.sees("left with 0");
    ada.tmux.sees("terminal icanon echo");
    ben.tmux.sees("ada went away");
    ben.tmux.key("C-c");
    ben.tmux.key("C-c");
    ben.tmux.sees("left with 130");
}

/// A server that is gone for a while: that is seen, and what is typed meanwhile is said once when it is back.
#[test]
fn what_is_typed_without_a_connection_is_said_later() {
    if without("tmux") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Together { serving, at, ada, ben } = together(dir.path());
    ada.tmux.type_line("before");
    ben.tmux.sees("before");
    serving.stop();
    ada.tmux.sees("NOT CONNECTED");
    ada.tmux.type_line("meanwhile");
    ada.tmux.sees("⋯ waits until it can be sent");
    let settings = ON_ANY_PORT.replacen("127.0.0.1:0", &at, 1);
    let mut again = Running::start(&mut chat(dir.path(), &settings));
    assert_eq!(address(&mut again).to_string(), at);
    ben.tmux.sees("meanwhile");
    eventually("nothing waits any more", || !ada.tmux.screen().contains("waits"));
    for person in [&ada, &ben] {
        let screen = person.tmux.screen();
        let count = |text: &str| screen.matches(text).count();
        assert_eq!((count("before"), count("meanwhile")), (1, 1), "{screen}");
    }
}
