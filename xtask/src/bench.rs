//! `cargo xtask bench`: ours beside other programs, in one run on one machine. Ratios count, not absolute figures.

mod chat;
mod contender;
mod echo;
mod environment;
mod idle;
mod part;
mod raw;
mod report;
mod store;
mod turns;

pub(crate) use part::{Part, run as run_part};

use crate::prerequisites::{self, Program};
use crate::workspace::{self, cargo};
use anyhow::{Context, Result, bail};
use environment::Environment;
use report::{Ratio, Record, Series};
use std::io::{ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// What `cargo xtask bench` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Benches to run; all when none is named. A name also stands for those that begin with it and a hyphen.
    names: Vec<String>,
    /// Also write every single run, with the environment, as one JSON object to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only tell which benches there are.
    #[arg(long)]
    list: bool,
}

/// One bench.
struct Bench {
    name: &'static str,
    about: &'static str,
    /// Programs it compares with or uses. One that is missing is left out of the table, and named.
    programs: &'static [Program],
    ratio: Ratio,
    run: fn(&Lab) -> Result<Vec<Series>>,
}

/// What a bench works with.
struct Lab {
    /// Outside programs that are missing.
    without: Vec<&'static str>,
    /// The folder of the release build.
    programs: PathBuf,
    /// The core to which a bench pins what it compares on one core.
    core: usize,
}

const BENCHES: &[Bench] = &[
    echo::BENCH,
    raw::BENCH,
    idle::BENCH,
    store::BENCH,
    chat::SATURATED,
    chat::SPREAD,
    chat::ACKNOWLEDGED,
    chat::JOINS,
    chat::IDLE,
    chat::READY,
];

/// Builds the release programs, runs the benches, and prints a table for each.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = choose(&options.names)?;
    if options.list {
        let lines: Vec<String> = chosen.iter().map(|bench| format!("{:18} {}\n", bench.name, bench.about)).collect();
        return print(&lines.concat());
    }
    workspace::run(&mut cargo(&["build", "--release", "--workspace", "--bins", "--examples"]))?;
    let mut record = Record::new(Environment::read());
    print(&record.environment.markdown())?;
    for bench in chosen {
        eprintln!("==> {}", bench.name);
        let start = Instant::now();
        let lab = Lab {
            without: prerequisites::ensure(bench.programs)?,
            programs: workspace::release_folder(),
            core: environment::last_allowed_core(),
        };
        let series = (bench.run)(&lab).with_context(|| format!("bench {}", bench.name))?;
        eprintln!("<== {}: {:.0} s", bench.name, start.elapsed().as_secs_f64());
        print(&report::markdown(bench.name, bench.about, bench.ratio, &series))?;
        record.add(bench.name, series);
    }
    if let Some(path) = &options.json {
        std::fs::write(path, record.json()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

impl Bench {
    fn is_meant_by(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }
}

impl Lab {
    fn has(&self, program: &str) -> bool {
        !self.without.contains(&program)
    }

    /// A command for a program of the release build or of the system.
    fn command(&self, program: &str, pinned: bool) -> Command {
        let ours = self.programs.join(program);
        let program = if ours.exists() { ours.into_os_string() } else { program.into() };
        if !pinned {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["-c", &self.core.to_string()]).arg(program);
        command
    }
}

fn choose(names: &[String]) -> Result<Vec<&'static Bench>> {
    let known = || BENCHES.iter().map(|bench| bench.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = names.iter().find(|name| BENCHES.iter().all(|bench| !bench.is_meant_by(name))) {
        bail!("there is no bench `{name}`; there are: {}", known());
    }
    Ok(BENCHES.iter().filter(|bench| names.is_empty() || names.iter().any(|name| bench.is_meant_by(name))).collect())
}

/// Results go to standard output; a reader who has seen enough is no error.
fn print(text: &str) -> Result<()> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write the results"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_are_chosen_by_name_or_family_and_all_without_one() {
        assert_eq!(choose(&[]).unwrap().len(), BENCHES.len());
        assert_eq!(choose(&["echo".to_owned()]).unwrap()[0].name, "echo");
        let chat = choose(&["chat".to_owned()]).unwrap();
        assert!(chat.len() > 1 && chat.iter().all(|bench| bench.name.starts_with("chat-")));
        assert_eq!(choose(&["chat-idle".to_owned()]).unwrap().len(), 1);
        assert!(choose(&["cha".to_owned()]).is_err());
        let error = choose(&["ecko".to_owned()]).err().unwrap();
        assert!(error.to_string().starts_with("there is no bench `ecko`; there are: echo"), "{error}");
    }

    #[test]
    fn pinned_programs_run_under_taskset() {
        let lab = Lab { without: Vec::new(), programs: "no-such-folder".into(), core: 0 };
        assert_eq!(format!("{:?}", lab.command("socat", true)), r#""taskset" "-c" "0" "socat""#);
    }
}
