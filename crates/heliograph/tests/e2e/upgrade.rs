//! What earlier versions left on disk is there for this one. The stores were made by those versions, which were killed with
//! some of it in the write-ahead log alone; `upgrade/README.md` says what was done in them.

use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use crate::support::{Running, finish, python};
use std::path::{Path, PathBuf};

/// Unpacks a store.
const UNPACK: &str = r"
import sys, tarfile
with tarfile.open(sys.argv[1]) as packed:
    packed.extractall(sys.argv[2])
";

/// Prints each record of every conversation in a copy of the store.
const CONVERSATIONS: &str = r"
import os, shutil, sqlite3, sys, tempfile
with tempfile.TemporaryDirectory() as copy:
    for name in os.listdir(sys.argv[1]):
        if name.startswith('store.'):
            shutil.copy(os.path.join(sys.argv[1], name), copy)
    base = sqlite3.connect(os.path.join(copy, 'store.sqlite3'))
    for row in base.execute('SELECT name, place.position, bytes FROM log JOIN place ON place.log = log.id '
            'JOIN record ON record.id = place.record WHERE name LIKE ? OR name LIKE ? ORDER BY 1, 2', ('room/%', 'private/%')):
        print(row[0], row[1], row[2].decode())
";

struct Old {
    dir: tempfile::TempDir,
}

impl Old {
    /// A data directory with the store that the version `name` left.
    fn unpack(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/upgrade").join(format!("{name}.tar.gz"));
        let old = Self { dir };
        std::fs::create_dir_all(old.store()).unwrap();
        let done = finish(&mut python(UNPACK, &[packed.to_str().unwrap(), old.store().to_str().unwrap()]));
        assert_eq!(done.code, 0, "{}", done.stderr);
        old
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("data/store")
    }

    fn serve(&self) -> Running {
        Running::start(&mut chat(self.dir.path(), ON_ANY_PORT))
    }

    fn conversations(&self) -> Vec<String> {
        let read = finish(&mut python(CONVERSATIONS, &[self.store().to_str().unwrap()]));
        assert_eq!(read.code, 0, "{}", read.stderr);
        read.stdout.lines().map(str::to_owned).collect()
    }
}

const CAPABILITIES: &str =
    "message-tags server-time batch labeled-response draft/chathistory draft/event-playback draft/multiline";

/// What somebody in `#garden` can page through, oldest first.
fn history(client: &mut Client) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut reference = "*".to_owned();
    loop {
        let command = if reference == "*" { "LATEST" } else { "BEFORE" };
        client.say(&format!("@label=page CHATHISTORY {command} #garden {reference} 50"));
        let opened = client.hear("label=page");
        let batch = opened.split("BATCH +").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let page = client.hear_until(&format!("BATCH -{batch}"));
        let tagged = |line: &&String| line.contains(&format!("batch={batch}"));
        let said: Vec<&String> = page.iter().filter(tagged).collect();
        let Some(oldest) = said.first() else { return texts };
        let msgid = oldest.split("msgid=").nth(1).unwrap().split([';', ' ']).next().unwrap();
        reference = format!("msgid={msgid}");
        // Every record is one line, or one batch of several.
        let shown = said.iter().filter_map(|line| line.rsplit(" :").next()).map(str::to_owned);
        texts.splice(0..0, shown);
    }
}

/// The version that had rooms and no accounts.
#[test]
fn rooms_with_their_settings_and_all_that_was_said_in_them_are_kept() {
    let old = Old::unpack("rooms");
    let before = old.conversations();
    assert!(before.len() > 125, "{}", before.len());
    for _ in 0..2 {
        let mut serving = old.serve();
        let mut client = Client::connect(address(&mut serving));
        client.say(&format!("CAP REQ :{CAPABILITIES}\r\nCAP END\r\nNICK new\r\nUSER new 0 * :New"));
        client.hear(" 001 ");
        client.say("JOIN #garden\r\nJOIN #garden rose\r\nJOIN #cellar");
        client.hear(" 475 new #garden ");
        client.hear(" 332 new #garden :Roses and thyme");
        client.hear(" 473 new #cellar ");
        client.say("MODE #garden b");
        assert!(client.hear(" 367 ").contains("*!*@spam.example"));
        client.say("MODE #garden");
        let modes = client.hear(" 324 ");
        let letters = modes.split(' ').nth(4).unwrap();
        assert!("klnt".chars().all(|letter| letters.contains(letter)), "{modes}");
        let said = history(&mut client);
        let messages: Vec<_> = said.iter().filter(|text| text.starts_with("garden message")).collect();
        let expected: Vec<_> = (0..120).map(|n| format!("garden message {n}")).collect();
        assert_eq!(messages, expected.iter().collect::<Vec<_>>());
        assert!(said.iter().any(|text| text == "after the restart"));
        drop(serving.stop());
        assert_eq!(old.conversations(), before);
    }
}

/// The version that had accounts and named private conversations by nicknames.
#[test]
fn accounts_with_their_passwords_and_suspensions_are_kept() {
    let old = Old::unpack("accounts");
    let before = old.conversations();
    let mut serving = old.serve();
    let at = address(&mut serving);
    let mut ann = Client::connect(at);
    ann.say("PASS ann:secret-ann\r\nNICK ann\r\nUSER ann 0 * :Ann");
    ann.hear(" 900 ann ann!ann@127.0.0.1 ann ");
    ann.hear(" 001 ann ");
    let mut cy = Client::connect(at);
    cy.say("PASS cy:secret-cy\r\nNICK cy\r\nUSER cy 0 * :Cy");
    cy.hear(" 464 ");
    let mut stranger = Client::connect(at);
    stranger.say("NICK bob\r\nUSER bob 0 * :Bob");
    stranger.hear(" 433 ");
    drop(serving.stop());
    assert_eq!(old.conversations(), before);
    assert_eq!(before.iter().filter(|line| line.contains("private message")).count(), 6);
}
