//! `helio doctor`: is everything right for `helio serve`, and if not, what to do?

mod certificate;
mod clock;
mod data;
mod machine;
mod ports;
mod store;

use crate::args::Global;
use crate::cmd::serve::{self, Settings};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// Check whether everything is right for `helio serve`
///
/// Looks at the settings, the ports, the clock, the data directory, its disk, the certificate, the store and the machine,
/// whether or not the server runs. Nothing is changed. Run it as the user that the server runs as. The exit code is 8 when
/// something must be mended.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio doctor                                     what helio serve would find
  helio doctor --thorough                          reads the whole store too; the server must not run
  runuser -u helio -- helio doctor --config /etc/helio/helio.toml --data-dir /var/lib/helio")]
pub(crate) struct DoctorArgs {
    /// Where the server keeps what lasts [default: $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "DIR", env = "HELIO_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// Read the whole store and check that it fits together; takes a second for some 100 MB
    #[arg(long)]
    thorough: bool,

    /// Print one JSON object for each line
    #[arg(long)]
    json: bool,
}

/// One thing that is looked at.
struct Check {
    name: &'static str,
    run: fn(&Patient) -> Vec<Finding>,
}

/// All checks behind the settings, in the order in which they are made. `docs/operations.md` explains each.
const CHECKS: [Check; 8] = [
    Check { name: "clock", run: clock::check },
    Check { name: "data", run: data::check },
    Check { name: "disk", run: data::check_disk },
    Check { name: "store", run: store::check },
    Check { name: "certificate", run: certificate::check },
    Check { name: "ports", run: ports::check },
    Check { name: "files", run: machine::check_files },
    Check { name: "kernel", run: machine::check_kernel },
];

/// What is looked at.
struct Patient {
    settings: Settings,
    is_thorough: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// As it should be.
    Ok,
    /// It works, and will not always.
    Warn,
    /// The server does not start, or does not do what it should.
    Fail,
}

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    level: Level,
    said: String,
    /// What to do next.
    advice: Option<String>,
}

impl Finding {
    fn ok(said: impl fmt::Display) -> Self {
        Self { level: Level::Ok, said: said.to_string(), advice: None }
    }

    fn warn(said: impl fmt::Display, advice: impl fmt::Display) -> Self {
        Self { level: Level::Warn, said: said.to_string(), advice: Some(advice.to_string()) }
    }

    fn fail(said: impl fmt::Display, advice: impl fmt::Display) -> Self {
        Self { level: Level::Fail, said: said.to_string(), advice: Some(advice.to_string()) }
    }

    /// `all`, or that it is well when there is nothing.
    fn or_ok(all: Vec<Self>, said: impl fmt::Display) -> Vec<Self> {
        if all.is_empty() { vec![Self::ok(said)] } else { all }
    }
}

/// A finding as it is told.
#[derive(Serialize)]
struct Row<'a> {
    check: &'a str,
    level: Level,
    said: &'a str,
    advice: Option<&'a str>,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level:<4} {:<11} {}", self.check, self.said)?;
        self.advice.map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

pub(crate) fn run(args: DoctorArgs, global: &Global) -> Outcome {
    let tell = |check: &str, Finding { level, said, advice }: &Finding| {
        let row = Row { check, level: *level, said, advice: advice.as_deref() };
        if args.json { output::json(&row) } else { output::line(&row) }
    };
    let settings = match serve::settings_for(args.data_dir.clone(), global) {
        Ok(settings) => settings,
        Err(failure) => {
            let advice = "mend that first: all other checks depend on it; docs/settings.md has every key";
            tell("settings", &Finding::fail(failure.message, advice))?;
            return unwell();
        }
    };
    tell("settings", &Finding::ok(settings_file(global)))?;
    let patient = Patient { settings, is_thorough: args.thorough };
    let mut worst = Level::Ok;
    for Check { name, run } in &CHECKS {
        for finding in run(&patient) {
            worst = worst.max(finding.level);
            if !(global.quiet && finding.level == Level::Ok) {
                tell(name, &finding)?;
            }
        }
    }
    if worst == Level::Fail { unwell() } else { Ok(()) }
}

/// What is wrong was told already.
fn unwell() -> Outcome {
    Err(Failure::new(Exit::Unwell, ""))
}

fn settings_file(global: &Global) -> String {
    let file = global.config.clone().or_else(crate::config::default_path).filter(|path| path.exists());
    match file {
        Some(path) => format!("settings in {} are right", path.display()),
        None => "no settings file, defaults hold".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_explains_every_check_and_no_other() {
        let manual = include_str!("../../../../docs/operations.md");
        let (_, part) = manual.split_once("\n## Doctor").unwrap();
        let explained: Vec<_> = part.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let all: Vec<_> = ["settings"].into_iter().chain(CHECKS.iter().map(|check| check.name)).collect();
        assert_eq!(explained, all, "docs/operations.md has a row for each check, in the same order");
    }
}
