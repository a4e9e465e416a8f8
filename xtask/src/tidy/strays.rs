//! Things that belong in one place only: `unsafe` in the module of system calls, printing in the programs, SQL in the
//! store, and connecting to others anywhere but in the server.

use super::Finding;
use super::source::{Line, words};
use super::tree::{Tree, dependencies};

const SYSTEM_CALLS: &str = "crates/helio-net/src/sys.rs";
const STORE: &str = "crates/helio-store";
/// Its benches hold the store to bare SQLite.
const BENCHES: &str = "xtask";
const PROGRAMS: &[&str] = &["crates/heliograph/", "xtask/"];
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// What connects. The server does not: whoever could say where to would have it ask inside of its network.
const CONNECTING: &[&str] = &["Stream::connect(", "Socket::connect(", "connect::", "connect_timeout("];
const SERVER: &str = "crates/helio-server/";

/// Everything that stands where it does not belong.
pub(super) fn find(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        let may_print = PROGRAMS.iter().any(|program| path.starts_with(program));
        for line in source.lines() {
            if path != SYSTEM_CALLS && words(line.code).any(|(_, word)| word == "unsafe") {
                findings.push(Finding::at(path, line.number, format!("unsafe belongs in {SYSTEM_CALLS}")));
            }
            let connects = || CONNECTING.iter().any(|call| line.code.contains(call));
            if path.starts_with(SERVER) && !line.test && connects() {
                findings.push(Finding::at(path, line.number, "the server connects to nobody"));
            }
            if let Some(name) = printing(line).filter(|_| !may_print) {
                let message = format!("{name}! is for the program alone; a library returns values or events");
                findings.push(Finding::at(path, line.number, message));
            }
        }
    }
    // Crude, but enough: without the library there is nobody to talk SQL to.
    for (folder, manifest) in tree.packages().filter(|(folder, _)| ![STORE, BENCHES].contains(folder)) {
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        if kinds.into_iter().any(|kind| dependencies(manifest, kind).contains(&"rusqlite")) {
            findings.push(Finding::file(&format!("{folder}/Cargo.toml"), format!("SQL belongs in {STORE}")));
        }
    }
    findings
}

fn printing(line: Line<'_>) -> Option<&str> {
    let mut found = words(line.code).filter(|(offset, word)| line.code[offset + word.len()..].starts_with('!'));
    found.find(|(_, word)| !line.test && PRINTING.contains(word)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::tidy::judge;

    #[test]
    fn things_in_their_place_pass() {
        let files = [
            ("crates/helio-net/src/sys.rs", "unsafe { call() }\n"),
            ("crates/helio-net/src/lib.rs", "#![deny(unsafe_code)] // unsafe\nconst A: &str = \"unsafe println!\";\n"),
            ("crates/helio-net/src/tcp.rs", "#[cfg(test)]\nmod tests {\n    fn f() { println!(); }\n}\n"),
            ("crates/heliograph/src/main.rs", "fn main() { println!(); }\n"),
            ("crates/heliograph/tests/e2e/main.rs", "fn f() { eprintln!(); }\n"),
            ("xtask/src/main.rs", "fn main() { eprintln!(); }\n"),
            ("crates/helio-store/Cargo.toml", "[dependencies]\nrusqlite = {}\n"),
            ("xtask/Cargo.toml", "[dependencies]\nrusqlite = {}\n"),
        ];
        assert_eq!(judge(find, &files), [""; 0]);
    }

    #[test]
    fn unsafe_elsewhere_fails_even_in_tests() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    unsafe fn f() {}\n}\n";
        assert_eq!(
            judge(find, &[("crates/helio-net/src/tcp.rs", text)]),
            ["crates/helio-net/src/tcp.rs:4: unsafe belongs in crates/helio-net/src/sys.rs"]
        );
    }

    #[test]
    fn printing_in_a_library_fails() {
        assert_eq!(
            judge(find, &[("crates/helio-client/src/say.rs", "fn f() {\n    std::eprintln!(\"x\");\n}\n")]),
            [
                "crates/helio-client/src/say.rs:2: eprintln! is for the program alone; a library returns values or events"
            ]
        );
    }

    #[test]
    fn connections_from_the_server_fail() {
        let (path, elsewhere) = ("crates/helio-server/src/push.rs", "crates/helio-client/src/say.rs");
        let text = "async fn f() { TcpStream::connect(\"a:1\").await; }\n";
        assert_eq!(judge(find, &[(path, text)]), [format!("{path}:1: the server connects to nobody")]);
        assert_eq!(judge(find, &[(elsewhere, text)]), [""; 0]);
        let test = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(judge(find, &[(path, test.as_str())]), [""; 0]);
    }

    #[test]
    fn sql_outside_the_store_fails() {
        assert_eq!(
            judge(find, &[("crates/helio-server/Cargo.toml", "[dev-dependencies]\nrusqlite = {}\n")]),
            ["crates/helio-server/Cargo.toml: SQL belongs in crates/helio-store"]
        );
    }
}
