//! What is in the store's files, read by a program that is not ours.

use super::talker::Met;
use crate::support::{finish, python};
use std::path::Path;

/// `spec/store.md`, "The database", and `spec/event-log.md`, "Records of conversations". Reads a copy, for opening the files
/// changes them. Also judges what only the files tell: that they are whole, and that no position is missing.
const READ: &str = r"
import json, os, shutil, sqlite3, sys, tempfile
with tempfile.TemporaryDirectory() as copy:
    for name in os.listdir(sys.argv[1]):
        shutil.copy(os.path.join(sys.argv[1], name), copy)
    base = sqlite3.connect(os.path.join(copy, 'store.sqlite3'))
    assert base.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
    for log, name, first, following in base.execute('SELECT id, name, first, next FROM log').fetchall():
        rows = base.execute('SELECT place.position, record.position, record.log, bytes FROM place '
            'JOIN record ON record.id = place.record WHERE place.log = ? ORDER BY place.position', (log,)).fetchall()
        assert [row[0] for row in rows] == list(range(first, following)), name
        assert all(row[0] == row[1] and row[2] == log for row in rows), name
        for row in rows if name != 'settings' else []:
            said = json.loads(row[3])
            if said['kind'] in ('topic', 'mode'):
                continue
            lines = [line['text'] for line in said['lines']]
            assert len(lines) in (1, 3), lines
            assert all(line == f'{lines[0]}/{n}' for n, line in enumerate(lines[1:], 2)), lines
            place = said['target'] if name.startswith('room/') else name
            print(place, said['msgid'], lines[0])
";

/// All messages, in order within each conversation. The server must not run.
pub(crate) fn stored(data: &Path) -> Vec<Met> {
    let store = data.join("store");
    if !store.join("store.sqlite3").exists() {
        return Vec::new();
    }
    let read = finish(&mut python(READ, &[store.to_str().unwrap()]));
    assert_eq!(read.code, 0, "{}", read.stderr);
    read.stdout.lines().map(met).collect()
}

fn met(line: &str) -> Met {
    let [place, msgid, text] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("three words in {line}") };
    Met { place: place.into(), text: text.into(), msgid: Some(msgid.into()) }
}
