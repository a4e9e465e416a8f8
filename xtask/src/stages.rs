//! Stages: named steps in order, each announced with its time, and a summary at the end.

use anyhow::{Context, Result};
use std::io::Write;
use std::time::{Duration, Instant};

/// The stages run so far. The caller stops at the first error by `?`; [`Stages::summary`] tells what was reached.
pub(crate) struct Stages<W> {
    out: W,
    done: Vec<Done>,
}

struct Done {
    name: &'static str,
    took: Duration,
    passed: bool,
}

impl<W: Write> Stages<W> {
    /// No stage yet; announcements go to `out`.
    pub(crate) fn new(out: W) -> Self {
        Self { out, done: Vec::new() }
    }

    /// Announces and runs one stage. The error, if any, is named after the stage.
    pub(crate) fn run<T>(&mut self, name: &'static str, stage: impl FnOnce() -> Result<T>) -> Result<T> {
        self.say(&format!("==> {name}"));
        let start = Instant::now();
        let outcome = stage();
        let (took, passed) = (start.elapsed(), outcome.is_ok());
        self.say(&format!("<== {name}: {} in {}", verdict(passed), seconds(took)));
        self.done.push(Done { name, took, passed });
        outcome.with_context(|| format!("{name} failed"))
    }

    /// Prints one line a stage that ran, and the total.
    pub(crate) fn summary(&mut self) {
        let total: Duration = self.done.iter().map(|stage| stage.took).sum();
        let mut text = String::from("\nstage                 time  result\n");
        for Done { name, took, passed } in &self.done {
            text += &format!("{name:16} {:>9}  {}\n", seconds(*took), verdict(*passed));
        }
        let passed = self.done.iter().all(|stage| stage.passed);
        text += &format!("{:16} {:>9}  {}", "total", seconds(total), verdict(passed));
        self.say(&text);
    }

    /// Announcements are a courtesy: a closed output must not fail the checks themselves.
    fn say(&mut self, text: &str) {
        writeln!(self.out, "{text}").and_then(|()| self.out.flush()).ok();
    }
}

fn verdict(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    /// Runs the stages, and returns the outcome and what was printed, with every time replaced by `0.0`.
    fn conversation(run: impl FnOnce(&mut Stages<&mut Vec<u8>>) -> Result<()>) -> (Result<()>, String) {
        let mut out = Vec::new();
        let mut stages = Stages::new(&mut out);
        let outcome = run(&mut stages);
        stages.summary();
        (outcome, String::from_utf8(out).unwrap())
    }

    #[test]
    fn stages_are_announced_in_order_and_summed_up() {
        let (outcome, text) = conversation(|stages| {
            let one = stages.run("format", || Ok(1))?;
            stages.run("tests", || {
                assert_eq!(one, 1, "a stage's value is there for the next");
                Ok(())
            })
        });
        outcome.unwrap();
        let expected = "\
==> format
<== format: passed in 0.0 s
==> tests
<== tests: passed in 0.0 s

stage                 time  result
format               0.0 s  passed
tests                0.0 s  passed
total                0.0 s  passed
";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_first_failure_stops_and_is_named() {
        let (outcome, text) = conversation(|stages| {
            stages.run("format", || Ok(()))?;
            stages.run("clippy", || bail!("two warnings"))?;
            stages.run("tests", || panic!("must not run after a failure"))
        });
        assert_eq!(format!("{:#}", outcome.unwrap_err()), "clippy failed: two warnings");
        assert!(text.ends_with("clippy               0.0 s  FAILED\ntotal                0.0 s  FAILED\n"), "{text}");
    }
}
