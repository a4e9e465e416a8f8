//! Where the workspace is, and how its tasks start programs.

use crate::process;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a bounded program is looked at; it only delays the end of a run, never changes its outcome.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The folder of the workspace's root manifest.
pub(crate) fn root() -> PathBuf {
    // As `cargo run` says it: checkouts that share a target folder also share this program.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.parent().map_or_else(|| here.clone(), Path::to_owned)
}

/// The folder of programs built with `--release`.
pub(crate) fn release_folder() -> PathBuf {
    target_folder().join("release")
}

/// The folder of programs built without it.
pub(crate) fn debug_folder() -> PathBuf {
    target_folder().join("debug")
}

/// The folder of all that is built.
pub(crate) fn target_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root().join(target)
}

/// A `cargo` command at the root, with the same cargo that started us, and without anything on its input.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Whether `cargo NAME` exists, as a separately installed tool.
pub(crate) fn has_cargo_tool(name: &str) -> bool {
    let mut command = cargo(&[name, "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs `command` to its end with our own output; an exit status other than 0 is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Like [`run`], but ends the program and all that it started, and says so, when it is not done `within` this time.
pub(crate) fn run_within(command: &mut Command, within: Duration) -> Result<()> {
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", shown(command)))?;
    finish(&mut child, &shown(command), within)
}

/// Like [`run_within`], and returns what the program wrote to standard output; its complaints go to ours.
pub(crate) fn output_within(command: &mut Command, within: Duration) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", shown(command)))?;
    let pipe = child.stdout.take();
    // Beside the wait: a program whose output nobody takes never ends.
    let reader = std::thread::spawn(move || pipe.map(std::io::read_to_string).transpose());
    finish(&mut child, &shown(command), within)?;
    let text = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(text.with_context(|| format!("cannot read from `{}`", shown(command)))?.unwrap_or_default())
}

fn finish(child: &mut Child, shown: &str, within: Duration) -> Result<()> {
    match wait_until(child, Instant::now() + within)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("`{shown}` ended with {status}"),
        None => {
            process::end(child);
            bail!("`{shown}` was not done within {} s and was ended", within.as_secs())
        }
    }
}

/// Waits for the end of a program; `None` when it still runs at the deadline.
fn wait_until(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait().context("cannot wait for a program")?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_is_named_with_its_arguments() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let error = run_within(Command::new("sleep").arg("600"), Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "`sleep 600` was not done within 0 s and was ended");
    }

    #[test]
    fn output_is_taken_while_the_program_runs() {
        // More than a pipe holds.
        let text = output_within(Command::new("sh").args(["-c", "yes | head -c 200000"]), Duration::from_mins(1));
        assert_eq!(text.unwrap().len(), 200_000);
    }

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(std::fs::read_to_string(root().join("Cargo.toml")).unwrap().contains("[workspace]"));
    }
}
