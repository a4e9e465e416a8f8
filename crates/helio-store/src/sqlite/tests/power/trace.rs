//! What `strace -f -y -xx` wrote down, as events on files.

use std::path::Path;

/// One thing that happened to the store's directory, or a line that was told. Files go by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Create { file: String },
    Write { file: String, at: u64, bytes: Vec<u8> },
    Truncate { file: String, len: u64 },
    Sync { file: String },
    SyncFailed { file: String },
    Unlink { file: String },
    SyncDirectory,
    Told(String),
}

/// The events below `folder`, of which `store` is the store's directory and `told` the file with the outcomes.
pub(super) fn parse(text: &str, folder: &Path) -> Vec<Event> {
    let folder = folder.to_str().unwrap();
    text.lines().filter_map(|line| event(line, folder)).collect()
}

/// A system call: name, arguments, and what it returned.
struct Call<'a> {
    name: &'a str,
    arguments: Vec<&'a str>,
    result: &'a str,
}

fn call(line: &str) -> Option<Call<'_>> {
    let (_, line) = line.split_once(' ')?;
    let (name, rest) = line.trim_start().split_once('(')?;
    assert!(!line.contains("unfinished"), "calls of two threads are mixed: {name}");
    let (arguments, result) = rest.rsplit_once(") = ")?;
    Some(Call { name, arguments: arguments.split(", ").collect(), result })
}

fn event(line: &str, folder: &str) -> Option<Event> {
    let Call { name, arguments, result } = call(line)?;
    if result.starts_with('-') {
        let file = arguments.first().and_then(|argument| inside(&described(argument)?, folder));
        return file.filter(|_| matches!(name, "fsync" | "fdatasync")).map(|file| Event::SyncFailed { file });
    }
    if name == "openat" {
        let file = inside(&quoted(arguments[1]), folder)?;
        return arguments[2].contains("O_CREAT").then_some(Event::Create { file });
    }
    if name == "unlink" {
        return Some(Event::Unlink { file: inside(&quoted(arguments[0]), folder)? });
    }
    let path = described(arguments[0])?;
    if name == "write" && path == format!("{folder}/told") {
        return Some(Event::Told(quoted(arguments[1])));
    }
    if path == format!("{folder}/store") {
        return matches!(name, "fsync" | "fdatasync").then_some(Event::SyncDirectory);
    }
    let file = inside(&path, folder)?;
    let number = |text: &str| text.split(' ').next().unwrap().parse::<u64>().unwrap();
    match name {
        "pwrite64" => {
            let bytes = bytes(arguments[1])[..number(result) as usize].to_vec();
            Some(Event::Write { file, at: number(arguments[3]), bytes })
        }
        // The name of the holder: nothing depends on it.
        "write" if file == "lock" => None,
        "ftruncate" => Some(Event::Truncate { file, len: number(arguments[1]) }),
        "fsync" | "fdatasync" => Some(Event::Sync { file }),
        other => panic!("{other} on {file} is not understood"),
    }
}

/// The name of a file in the store's directory.
fn inside(path: &str, folder: &str) -> Option<String> {
    path.strip_prefix(folder)?.strip_prefix("/store/").map(str::to_owned)
}

/// The path in `3<\x2f\x74>`.
fn described(argument: &str) -> Option<String> {
    let (_, path) = argument.strip_suffix('>')?.split_once('<')?;
    String::from_utf8(unescape(path)).ok()
}

fn quoted(argument: &str) -> String {
    String::from_utf8(bytes(argument)).unwrap()
}

fn bytes(argument: &str) -> Vec<u8> {
    let inner = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    unescape(inner.expect("strings are whole: -s is large enough"))
}

fn unescape(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

#[test]
fn calls_become_events() {
    let hex = |text: &str| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let (wal, told) = (hex("/f/store/w"), hex("/f/told"));
    let text = format!(
        "7 openat(AT_FDCWD<{a}>, \"{wal}\", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<{wal}>\n\
         7 pwrite64(3<{wal}>, \"\\x61\\x2c\", 2, 32) = 1\n\
         7 pwrite64(3<{wal}>, \"\\x62\", 1, 33) = 1\n\
         7 pwrite64(3<{wal}>, \"\\x63\", 1, 34) = -1 EIO (Input/output error) (INJECTED)\n\
         7 fdatasync(3<{wal}>) = 0\n\
         7 fdatasync(3<{wal}>) = -1 EIO (Input/output error) (INJECTED)\n\
         7 ftruncate(3<{wal}>, 5) = 0\n\
         7 write(4<{told}>, \"{b}\", 5) = 5\n\
         7 fsync(5<{c}>) = 0\n\
         7 unlink(\"{wal}\") = 0\n\
         7 +++ exited with 0 +++\n",
        a = hex("/"),
        b = hex("done\n"),
        c = hex("/f/store"),
    );
    let file = || "w".to_owned();
    assert_eq!(
        parse(&text, Path::new("/f")),
        [
            Event::Create { file: file() },
            Event::Write { file: file(), at: 32, bytes: b"a".to_vec() },
            Event::Write { file: file(), at: 33, bytes: b"b".to_vec() },
            Event::Sync { file: file() },
            Event::SyncFailed { file: file() },
            Event::Truncate { file: file(), len: 5 },
            Event::Told("done\n".to_owned()),
            Event::SyncDirectory,
            Event::Unlink { file: file() },
        ]
    );
}
