//! The same for each server in turn, and what comes of it as rows of a table.

use super::super::Lab;
use super::super::part;
use super::super::report::Series;
use super::super::turns::{Turns, take_turns};
use super::server::{Server, Wire};
use anyhow::{Context, Result};
use serde_json::Value;

/// One figure of every run.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) task: &'static str,
    pub(super) unit: &'static str,
    figure: fn(&Value) -> Result<f64>,
    /// What ours is held to.
    target: Option<f64>,
}

impl Row {
    /// A row without a target.
    pub(super) const fn new(task: &'static str, unit: &'static str, figure: fn(&Value) -> Result<f64>) -> Self {
        Self { task, unit, figure, target: None }
    }

    /// The same with a target.
    pub(super) const fn to(self, target: f64) -> Self {
        Self { target: Some(target), ..self }
    }
}

/// Runs `run` for each server that is there, in turns, and makes a series of each row and server, and of each target.
pub(super) fn compare(
    lab: &Lab,
    servers: &[Server],
    turns: Turns,
    rows: &[Row],
    mut run: impl FnMut(Server) -> Result<Value>,
) -> Result<Vec<Series>> {
    let there: Vec<bool> = servers.iter().map(|server| server.is_there(lab)).collect();
    let mut results = vec![Vec::new(); servers.len()];
    take_turns(&there, turns, |place| {
        let result = run(servers[place]).with_context(|| servers[place].name())?;
        results[place].push(result);
        Ok(())
    })?;
    let mut series = Vec::new();
    for &Row { task, unit, figure, target } in rows {
        let one = |program, runs| Series { task: task.to_owned(), program, unit, runs };
        for (server, results) in servers.iter().zip(&results) {
            series.push(one(server.name(), results.iter().map(figure).collect::<Result<_>>()?));
        }
        series.extend(target.map(|target| one("target", vec![target])));
    }
    Ok(series)
}

/// Starts a server, and the load program with `scenario` against it; returns what that tells.
pub(super) fn load(lab: &Lab, server: Server, wire: Wire, scenario: &[&str]) -> Result<Value> {
    let server = server.start(lab, wire)?;
    let (address, id) = (server.contender.address().to_string(), server.contender.id().to_string());
    let mut load = lab.command("xtask", false);
    load.args(["bench-part", "irc", &address, "--server", &id]).args(scenario);
    part::result(&mut load)
}
