//! The outside programs that tests and measurements use: what is there, what can be installed, what must be left out.
//!
//! What to do is decided by [`plan`], a pure function; looking and installing is the edge around it.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// One outside program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// Its name in `HELIO_TEST_WITHOUT`.
    pub(crate) name: &'static str,
    /// What is run to see whether it is there; mostly the same name, on `PATH`.
    run: &'static str,
    /// The Debian package that holds it.
    pub(crate) package: &'static str,
    /// Arguments with which it only tells what it is.
    ask: &'static [&'static str],
    /// Words of that answer by which the right variant is known.
    answer: &'static str,
}

/// A program that is run by its name.
const fn program(
    name: &'static str,
    package: &'static str,
    ask: &'static [&'static str],
    answer: &'static str,
) -> Program {
    Program { name, run: name, package, ask, answer }
}

/// What the end-to-end tests use. A program more is one row more.
pub(crate) const FOR_TESTS: &[Program] = &[
    program("python3", "python3", &["--version"], "Python 3"),
    NC,
    SOCAT,
    INSPIRCD,
    NGIRCD,
    program("openssl", "openssl", &["version"], "OpenSSL"),
    program("zstd", "zstd", &["--version"], "Zstandard"),
    program("prlimit", "util-linux", &["--version"], "util-linux"),
    // Where tracing is forbidden, it is of no use.
    program("strace", "strace", &["-e", "none", "echo", "it works"], "it works"),
    program("weechat-headless", "weechat-headless", &["--help"], "WeeChat"),
    // Its fifo is a plugin in a package of its own; what is loaded reads its settings.
    Program { run: "weechat-headless", ..program("weechat-fifo", "weechat-plugins", WEECHAT_PLUGINS, "fifo.conf") },
    program("irssi", "irssi", &["--version"], "irssi"),
    program("tmux", "tmux", &["-V"], "tmux"),
    // Debian's modules are seen by Debian's Python, which need not be the first on `PATH`.
    Program {
        run: DEBIAN_PYTHON,
        ..program("python3-irc", "python3-irc", &["-c", "import irc.bot; print('there')"], "there")
    },
    Program {
        run: DEBIAN_PYTHON,
        ..program("python3-websocket", "python3-websocket", &["-c", "import websocket; print('there')"], "there")
    },
    // For the web page.
    program("node", "nodejs", &["--version"], "v"),
    program("npm", "npm", &["--version"], "."),
    program("chromium", "chromium", &["--version"], "Chromium"),
    // Where namespaces are forbidden, it is of no use.
    program("unshare", "util-linux", NAMESPACES, "they work"),
];

const NC: Program = program("nc", "netcat-openbsd", &["-h"], "OpenBSD netcat");
const SOCAT: Program = program("socat", "socat", &["-V"], "socat version");
const INSPIRCD: Program = program("inspircd", "inspircd", &["--version"], "InspIRCd");
const NGIRCD: Program = program("ngircd", "ngircd", &["--version"], "ngIRCd");

const DEBIAN_PYTHON: &str = "/usr/bin/python3";
const WEECHAT_PLUGINS: &[&str] = &["--temp-dir", "--stdout", "--run-command", "/quit"];
const NAMESPACES: &[&str] = &["--map-root-user", "--mount", "--net", "echo", "they work"];

/// What the measurements compare with, or use.
pub(crate) const FOR_BENCHES: &[Program] = &[
    SOCAT,
    program("sockperf", "sockperf", &["--version"], "sockperf, version"),
    program("taskset", "util-linux", &["--version"], "util-linux"),
];

/// What the measurements of transfers compare with.
pub(crate) const FOR_TRANSFERS: &[Program] = &[SOCAT, NC];

/// The IRC servers that ours is compared with.
pub(crate) const FOR_CHAT: &[Program] = &[INSPIRCD, NGIRCD];

/// The variable by which tests learn which programs to do without: names, separated by commas.
pub(crate) const WITHOUT: &str = "HELIO_TEST_WITHOUT";

/// What is known before anything is done.
#[derive(Clone, Debug)]
struct Situation {
    missing: Vec<Program>,
    root: bool,
    apt: bool,
    ci: bool,
}

/// What to do about missing programs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Plan {
    /// All are there.
    Ready,
    /// Install these packages, then look again.
    Install(Vec<&'static str>),
    /// Go on without these, and say so.
    Skip(Vec<Program>),
    /// Stop: an automatic check that silently tests less is worse than one that fails.
    Fail(Vec<Program>),
}

/// Looks for `programs`, installs what is missing when that is possible, and returns the names of those still missing.
///
/// # Errors
///
/// A program is missing and `CI` is `true`.
pub(crate) fn ensure(programs: &[Program]) -> Result<Vec<&'static str>> {
    let mut situation = look(programs);
    if let Plan::Install(packages) = plan(&situation) {
        if let Err(error) = install(&packages) {
            eprintln!("installing {} failed: {error:#}", packages.join(" "));
        }
        situation = Situation { apt: false, ..look(programs) };
    }
    match plan(&situation) {
        Plan::Ready | Plan::Install(_) => Ok(Vec::new()),
        Plan::Skip(missing) => {
            eprintln!("{}", loud("NOT EVERYTHING WILL RUN", &missing));
            Ok(missing.iter().map(|program| program.name).collect())
        }
        Plan::Fail(missing) => bail!("{}", loud("outside programs are missing", &missing)),
    }
}

fn plan(situation: &Situation) -> Plan {
    let Situation { missing, root, apt, ci } = situation;
    if missing.is_empty() {
        Plan::Ready
    } else if *root && *apt {
        let packages: BTreeSet<&'static str> = missing.iter().map(|program| program.package).collect();
        Plan::Install(packages.into_iter().collect())
    } else if *ci {
        Plan::Fail(missing.clone())
    } else {
        Plan::Skip(missing.clone())
    }
}

fn loud(title: &str, missing: &[Program]) -> String {
    let mut text = format!("{title}:");
    for Program { name, package, .. } in missing {
        text += &format!("\n  {name} is not found; it is in the Debian package {package}");
    }
    text
}

fn look(programs: &[Program]) -> Situation {
    Situation {
        missing: programs.iter().filter(|program| !is_there(program)).copied().collect(),
        root: rustix::process::geteuid().is_root(),
        apt: Path::new("/usr/bin/apt-get").exists(),
        ci: std::env::var_os("CI").is_some_and(|value| value == "true"),
    }
}

/// A file of the right name is not enough: there are two programs called `nc`, and a shim may have nothing behind it.
fn is_there(program: &Program) -> bool {
    let output = Command::new(program.run).args(program.ask).stdin(Stdio::null()).output();
    output.is_ok_and(|output| {
        [output.stdout, output.stderr].iter().any(|text| String::from_utf8_lossy(text).contains(program.answer))
    })
}

fn install(packages: &[&'static str]) -> Result<()> {
    apt_get(&["update"]).context("apt-get update")?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat()).context("apt-get install")
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    // Their progress is a message of ours: standard output is kept for results.
    command.stdout(std::io::stderr());
    workspace::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(missing: &[Program], root: bool, apt: bool, ci: bool) -> Situation {
        Situation { missing: missing.to_vec(), root, apt, ci }
    }

    #[test]
    fn nothing_is_done_when_nothing_is_missing() {
        for flags in 0..8 {
            let (root, apt, ci) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0);
            assert_eq!(plan(&situation(&[], root, apt, ci)), Plan::Ready);
        }
    }

    #[test]
    fn root_with_apt_installs_each_package_once() {
        let twice = [FOR_TESTS[1], FOR_TESTS[2], FOR_TESTS[2]];
        for ci in [false, true] {
            assert_eq!(plan(&situation(&twice, true, true, ci)), Plan::Install(vec!["netcat-openbsd", "socat"]));
        }
    }

    #[test]
    fn what_cannot_be_installed_fails_in_ci_and_is_skipped_elsewhere() {
        let missing = [FOR_TESTS[1]];
        for (root, apt) in [(false, false), (false, true), (true, false)] {
            assert_eq!(plan(&situation(&missing, root, apt, true)), Plan::Fail(missing.to_vec()));
            assert_eq!(plan(&situation(&missing, root, apt, false)), Plan::Skip(missing.to_vec()));
        }
    }

    #[test]
    fn missing_programs_are_named_with_their_package() {
        let text = loud("NOT EVERYTHING WILL RUN", &FOR_TESTS[1..3]);
        assert_eq!(
            text,
            "NOT EVERYTHING WILL RUN:\n  nc is not found; it is in the Debian package netcat-openbsd\n  \
             socat is not found; it is in the Debian package socat"
        );
    }

    #[test]
    fn a_program_is_known_by_its_answer_not_by_its_name() {
        let echo = program("echo", "coreutils", &["OpenBSD netcat"], "OpenBSD netcat");
        assert!(is_there(&echo));
        assert!(!is_there(&Program { ask: &["GNU netcat"], ..echo }));
        assert!(!is_there(&Program { run: "no-such-program-anywhere", ..echo }));
    }
}
