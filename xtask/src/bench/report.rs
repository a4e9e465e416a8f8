//! What a bench found: every single run is kept, the table is derived from it.

use super::environment::Environment;
use crate::figures::figure;
use serde_json::{Map, Value, json};

/// The runs of one program at one task.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// What was measured, in words.
    pub(crate) task: String,
    pub(crate) program: &'static str,
    pub(crate) unit: &'static str,
    /// One figure a run, in the order of the runs.
    pub(crate) runs: Vec<f64>,
}

/// What the last column divides, within one task.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ratio {
    /// The first series, which is ours, by each of the others, which it is held to; nothing where ours has not run.
    FirstToEach,
    /// Each series by that of one program, which all are held to.
    EachTo(&'static str),
}

/// Everything of one `cargo xtask bench`, for a file.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) environment: Environment,
    benches: Map<String, Value>,
}

impl Record {
    /// A record without a bench.
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment, benches: Map::new() }
    }

    /// Adds what one bench found.
    pub(crate) fn add(&mut self, name: &str, series: Vec<Series>) {
        let one = |Series { task, program, unit, runs }| json!({"task": task, "program": program, "unit": unit, "runs": runs});
        self.benches.insert(name.to_owned(), series.into_iter().map(one).collect());
    }

    /// The record as one JSON object on one line.
    pub(crate) fn json(&self) -> String {
        format!("{}\n", json!({"version": 1, "environment": self.environment.json(), "benches": self.benches}))
    }
}

/// A Markdown table: the median of each series, its range, and a ratio of medians.
pub(crate) fn markdown(name: &str, about: &str, ratio: Ratio, series: &[Series]) -> String {
    let mut text = format!("\n## {name}\n\n{about}\n\n");
    text += &format!("| What | Program | Median | Least to most | Runs | {} |\n", ratio.title());
    text += "|---|---|--:|--:|--:|--:|\n";
    let mut task = "";
    for one in series.iter().filter(|one| !one.runs.is_empty()) {
        let of = ratio.of(one, series).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let (least, most) = range(&one.runs);
        text += &format!(
            "| {} | {} | {} {} | {} to {} | {} | {of} |\n",
            if one.task == task { "" } else { one.task.as_str() },
            one.program,
            figure(median(&one.runs)),
            one.unit,
            figure(least),
            figure(most),
            one.runs.len()
        );
        task = &one.task;
    }
    text
}

impl Ratio {
    fn title(self) -> String {
        match self {
            Self::FirstToEach => "Ours ÷ it".to_owned(),
            Self::EachTo(program) => format!("÷ {program}"),
        }
    }

    /// `None` for the series that the others are compared with, and where that one has no runs.
    fn of(self, one: &Series, all: &[Series]) -> Option<f64> {
        let mut task = all.iter().filter(|other| other.task == one.task);
        let (other, is_above) = match self {
            Self::FirstToEach => (task.next()?, true),
            Self::EachTo(program) => (task.find(|other| other.program == program)?, false),
        };
        if other.program == one.program || other.runs.is_empty() {
            return None;
        }
        let ratio = median(&other.runs) / median(&one.runs);
        Some(if is_above { ratio } else { ratio.recip() })
    }
}

/// The middle run; between the two middle ones of an even number.
fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.len() / 2;
    match sorted.as_slice() {
        [] => f64::NAN,
        odd if odd.len() % 2 == 1 => odd[upper],
        even => f64::midpoint(even[upper - 1], even[upper]),
    }
}

fn range(runs: &[f64]) -> (f64, f64) {
    runs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &run| (least.min(run), most.max(run)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(task: &str, program: &'static str, runs: &[f64]) -> Series {
        Series { task: task.to_owned(), program, unit: "µs", runs: runs.to_vec() }
    }

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn each_task_is_held_to_its_own_first_program() {
        let all = [
            series("one", "helio", &[12.0, 10.0, 11.0]),
            series("one", "socat", &[22.0]),
            series("one", "not installed", &[]),
            series("two", "helio", &[120_000.0]),
            series("two", "socat", &[60_000.0]),
            series("three", "helio", &[]),
            series("three", "socat", &[5.0]),
        ];
        assert_eq!(
            markdown("echo", "What it is.", Ratio::FirstToEach, &all),
            "\n## echo\n\nWhat it is.\n\n\
             | What | Program | Median | Least to most | Runs | Ours ÷ it |\n|---|---|--:|--:|--:|--:|\n\
             | one | helio | 11.0 µs | 10.0 to 12.0 | 3 |  |\n\
             |  | socat | 22.0 µs | 22.0 to 22.0 | 1 | 0.50 |\n\
             | two | helio | 120,000 µs | 120,000 to 120,000 | 1 |  |\n\
             |  | socat | 60,000 µs | 60,000 to 60,000 | 1 | 2.00 |\n\
             | three | socat | 5.00 µs | 5.00 to 5.00 | 1 |  |\n"
        );
    }

    #[test]
    fn all_are_held_to_one_program_where_it_ran() {
        let all = [
            series("one", "helio", &[12.0]),
            series("one", "helio, other way", &[33.0]),
            series("one", "socat", &[24.0]),
            series("two", "helio", &[12.0]),
            series("two", "socat", &[]),
        ];
        assert_eq!(
            markdown("raw", "What it is.", Ratio::EachTo("socat"), &all),
            "\n## raw\n\nWhat it is.\n\n\
             | What | Program | Median | Least to most | Runs | ÷ socat |\n|---|---|--:|--:|--:|--:|\n\
             | one | helio | 12.0 µs | 12.0 to 12.0 | 1 | 0.50 |\n\
             |  | helio, other way | 33.0 µs | 33.0 to 33.0 | 1 | 1.38 |\n\
             |  | socat | 24.0 µs | 24.0 to 24.0 | 1 |  |\n\
             | two | helio | 12.0 µs | 12.0 to 12.0 | 1 |  |\n"
        );
    }

    #[test]
    fn the_record_keeps_every_run() {
        let mut record = Record::new(Environment::read());
        record.add("echo", vec![series("one", "helio", &[12.0, 10.5])]);
        let value: Value = serde_json::from_str(&record.json()).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["benches"]["echo"][0]["runs"], json!([12.0, 10.5]));
        assert!(value["environment"]["kernel"].is_string());
    }
}
