//! Programs under comparison take turns, so that a slow moment of the machine meets all of them.

use anyhow::Result;
use std::time::{Duration, Instant};

/// How often each program has its turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    pub(super) rounds: usize,
    /// No round starts after this time: on a busy machine there are fewer, which the table shows.
    pub(super) time: Duration,
}

/// Runs `measure` with the place of each program that is there, round after round, each round beginning with another.
pub(super) fn take_turns(there: &[bool], turns: Turns, mut measure: impl FnMut(usize) -> Result<()>) -> Result<()> {
    let start = Instant::now();
    for round in 0..turns.rounds {
        for turn in 0..there.len() {
            let index = (round + turn) % there.len();
            if there[index] {
                measure(index)?;
            }
        }
        if start.elapsed() >= turns.time {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(turns: Turns, there: &[bool]) -> Vec<usize> {
        let mut order = Vec::new();
        take_turns(there, turns, |index| {
            order.push(index);
            Ok(())
        })
        .unwrap();
        order
    }

    #[test]
    fn programs_take_turns_at_being_first_and_missing_ones_are_left_out() {
        let turns = Turns { rounds: 3, time: Duration::MAX };
        assert_eq!(order(turns, &[true; 3]), [0, 1, 2, 1, 2, 0, 2, 0, 1]);
        assert_eq!(order(turns, &[true, false, true]), [0, 2, 2, 0, 2, 0]);
    }

    #[test]
    fn no_round_starts_after_the_time_and_the_first_is_always_whole() {
        assert_eq!(order(Turns { rounds: 3, time: Duration::ZERO }, &[true; 3]), [0, 1, 2]);
    }
}
