//! Bench `store`: what our log costs above SQLite itself.

use super::report::{Ratio, Series};
use super::turns::{Turns, take_turns};
use super::{Bench, Lab};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;

pub(super) const BENCH: Bench = Bench {
    name: "store",
    about: "Records of 200 bytes a second, appended to 20 logs in turn; each group is one commit with full sync, on the \
            disk of the build. Beside it the same rows through rusqlite alone, in one table with an index. More is better.",
    programs: &[],
    ratio: Ratio::FirstToEach,
    run,
};

const GROUPS: &[usize] = &[1, 10, 100, 200];
const PROGRAMS: [(&str, &str); 2] = [("store", "helio-store"), ("bare", "bare rusqlite")];
const MILLIS: u32 = 1_000;
const TURNS: Turns = Turns { rounds: 5, time: Duration::from_secs(12) };

fn run(lab: &Lab) -> Result<Vec<Series>> {
    let mut all = Vec::new();
    for group in GROUPS {
        let mut runs = [Vec::new(), Vec::new()];
        take_turns(&[true; PROGRAMS.len()], TURNS, |index| {
            runs[index].push(rows_per_second(lab, PROGRAMS[index].0, *group)?);
            Ok(())
        })?;
        let task = format!("appended in groups of {group}");
        let series = |(runs, (_, program))| Series { task: task.clone(), program, unit: "/s", runs };
        all.extend(runs.into_iter().zip(PROGRAMS).map(series));
    }
    Ok(all)
}

fn rows_per_second(lab: &Lab, contender: &str, group: usize) -> Result<f64> {
    let folder = tempfile::tempdir_in(&lab.programs)?;
    let mut command = lab.command("examples/append_rate", false);
    command.args([contender, &group.to_string(), &MILLIS.to_string()]).arg(folder.path());
    let output = command.output().context("cannot run append_rate")?;
    ensure!(output.status.success(), "append_rate failed: {}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| result[key].as_f64().with_context(|| format!("append_rate tells no {key}"));
    Ok(number("rows")? / number("elapsed_ns")? * 1e9)
}
