//! Searching in the built program (spec/search.md): what was acknowledged is found after a kill, and what was forgotten is in
//! no file.

use crate::support::chat::{Client, address, chat};
use crate::support::{Running, eventually};
use std::path::Path;

const CAPABILITIES: &str = "echo-message batch message-tags standard-replies soju.im/search";
/// Nothing else begins or ends like it, and no part of it is a word of its own.
const WORD: &str = "zqvjxkwpbfm";

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = []
web-listen = []
web-tls-listen = []
line-listen = []
keep-empty-rooms = '1s'
";

/// The texts of what a search shows.
fn found(client: &mut Client, attributes: &str) -> Vec<String> {
    client.say(&format!("SEARCH {attributes}\r\nPING end"));
    let lines = client.hear_until(" PONG ");
    assert!(lines.iter().any(|line| line.contains(" soju.im/search")), "{lines:?}");
    // What is shown on joining comes before.
    let answer = lines.iter().skip_while(|line| !line.contains(" soju.im/search"));
    let texts = answer.filter(|line| line.contains(" PRIVMSG "));
    texts.filter_map(|line| line.split_once(" :")).map(|(_, text)| text.trim_end().to_owned()).collect()
}

/// Whether any file of the data directory has the word, or most of it.
fn is_in_files(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return is_in_files(&path);
        }
        // A file that goes away meanwhile has nothing any more.
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(WORD.len() - 2).any(|part| part == &WORD.as_bytes()[2..])
    })
}

#[test]
fn what_was_acknowledged_is_found_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = 0;
    for life in 1..=4 {
        let mut serving = Running::start(&mut chat(dir.path(), &SETTINGS.replace("1s", "1h")));
        let mut eve = Client::join_with(address(&mut serving), "eve", CAPABILITIES, "#room");
        assert_eq!(found(&mut eve, "text=word*;in=#room").len(), said, "life {life}");
        for n in 0..9 {
            said += 1;
            eve.say(&format!("PRIVMSG #room :word{said} of life {life}"));
            eve.hear(&format!("word{said} "));
            if n % 3 == 0 {
                assert_eq!(found(&mut eve, &format!("text=word{said}")).len(), 1);
            }
        }
        // SIGKILL, and its end awaited.
        drop(serving);
    }
}

#[test]
fn a_room_that_ended_is_in_no_file_of_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), SETTINGS));
    let mut eve = Client::join_with(address(&mut serving), "eve", CAPABILITIES, "#stays");
    eve.say(&format!("PRIVMSG #stays :something else\r\nJOIN #ends\r\nPRIVMSG #ends :{WORD}"));
    eve.hear(WORD);
    assert_eq!(found(&mut eve, &format!("text={WORD}")).len(), 1);
    assert!(is_in_files(dir.path()));
    eve.say("PART #ends");
    eventually("the word is gone", || !is_in_files(dir.path()));
    assert_eq!(found(&mut eve, "text=else;in=#stays").len(), 1);
    let path = dir.path().join("data/search.sqlite3");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
