//! What a bench found: every single run is kept, the table is derived from it.

use super::environment::Environment;
use crate::figures::figure;
use serde_json::{Map, Value, json};

/// The runs of one program at one task. Within a task the first series is ours, the others are what it is held to.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// What was measured, in words.
    pub(crate) task: String,
    pub(crate) program: &'static str,
    pub(crate) unit: &'static str,
    /// One figure a run, in the order of the runs.
    pub(crate) runs: Vec<f64>,
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

/// A Markdown table: the median of each series, its range, and our median divided by it.
pub(crate) fn markdown(name: &str, about: &str, series: &[Series]) -> String {
    let mut text = format!("\n## {name}\n\n{about}\n\n");
    text += "| What | Program | Median | Least to most | Runs | Ours ÷ it |\n|---|---|--:|--:|--:|--:|\n";
    let mut ours: Option<&Series> = None;
    for one in series.iter().filter(|one| !one.runs.is_empty()) {
        let first = ours.filter(|ours| ours.task == one.task);
        let ratio = first.map_or_else(String::new, |ours| format!("{:.2}", median(&ours.runs) / median(&one.runs)));
        let (least, most) = range(&one.runs);
        text += &format!(
            "| {} | {} | {} {} | {} to {} | {} | {ratio} |\n",
            if first.is_none() { one.task.as_str() } else { "" },
            one.program,
            figure(median(&one.runs)),
            one.unit,
            figure(least),
            figure(most),
            one.runs.len()
        );
        ours = first.or(Some(one));
    }
    text
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
        ];
        assert_eq!(
            markdown("echo", "What it is.", &all),
            "\n## echo\n\nWhat it is.\n\n\
             | What | Program | Median | Least to most | Runs | Ours ÷ it |\n|---|---|--:|--:|--:|--:|\n\
             | one | helio | 11.0 µs | 10.0 to 12.0 | 3 |  |\n\
             |  | socat | 22.0 µs | 22.0 to 22.0 | 1 | 0.50 |\n\
             | two | helio | 120,000 µs | 120,000 to 120,000 | 1 |  |\n\
             |  | socat | 60,000 µs | 60,000 to 60,000 | 1 | 2.00 |\n"
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
