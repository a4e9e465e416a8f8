//! Which system calls move a file's bytes, decided by measuring them on its first segments.

use crate::limits;
use alloc::vec::Vec;
use core::time::Duration;

/// How bytes go between a file and a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// `read` and `write` through a buffer of ours; the only one in which we see the bytes.
    Copy,
    /// `sendfile(2)`, file to socket only.
    Sendfile,
    /// `splice(2)` through a pipe.
    Splice,
}

impl Method {
    /// The word for it in options and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Sendfile => "sendfile",
            Self::Splice => "splice",
        }
    }
}

/// What the probe measured of one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodCost {
    /// The method.
    pub method: Method,
    /// Bytes moved by it.
    pub bytes: u64,
    /// Processor time of the moving thread for them.
    pub cpu: Duration,
}

impl MethodCost {
    /// Processor time per MiB; `None` when nothing was moved.
    #[must_use]
    pub fn per_mib(&self) -> Option<Duration> {
        let nanos = self.cpu.as_nanos() * (1 << 20) / u128::from(self.bytes).max(1);
        (self.bytes > 0).then(|| Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// Picks the method that takes the least processor time, by giving each in turn some segments of the transfer itself.
///
/// Processor time and not wall time: the wall clock of one end mostly measures the other end.
#[derive(Clone, Debug)]
pub struct MethodProbe {
    costs: Vec<MethodCost>,
    turns_done: usize,
}

impl MethodProbe {
    /// A probe of `methods`; the first one is kept unless another is clearly cheaper.
    #[must_use]
    pub fn new(methods: &[Method]) -> Self {
        let costs = methods.iter().map(|&method| MethodCost { method, bytes: 0, cpu: Duration::ZERO }).collect();
        Self { costs, turns_done: 0 }
    }

    /// Whether a transfer that is known to be this long, or has already come this far, is worth a probe.
    #[must_use]
    pub fn is_worth_it(bytes: u64) -> bool {
        bytes >= limits::BULK_PROBE_FILE_MIN
    }

    /// The method to move the next [`limits::BULK_PROBE_SEGMENT`] bytes with; `None` when all had their turns.
    #[must_use]
    pub fn next_method(&self) -> Option<Method> {
        let turns = self.costs.len() * (1 + limits::BULK_PROBE_TURNS);
        (self.turns_done < turns).then(|| self.costs[self.turns_done % self.costs.len()].method)
    }

    /// The segment asked for was moved. The first turn of each method only warms up and is not counted.
    pub fn handle_segment(&mut self, bytes: u64, cpu: Duration) {
        let methods = self.costs.len();
        if self.turns_done >= methods
            && let Some(cost) = self.costs.get_mut(self.turns_done % methods)
        {
            cost.bytes += bytes;
            cost.cpu += cpu;
        }
        self.turns_done += 1;
    }

    /// The method of the next segment cannot be used here: it is left out.
    pub fn handle_unsupported(&mut self) {
        let index = self.turns_done % self.costs.len().max(1);
        if index < self.costs.len() {
            self.costs.remove(index);
        }
        // The turns begin anew with those that are left.
        for cost in &mut self.costs {
            (cost.bytes, cost.cpu) = (0, Duration::ZERO);
        }
        self.turns_done = 0;
    }

    /// What was measured so far.
    #[must_use]
    pub fn costs(&self) -> &[MethodCost] {
        &self.costs
    }

    /// The first method, or the cheapest one if that saves at least [`limits::BULK_PROBE_MARGIN_PERCENT`] of its
    /// processor time. `None` when nothing was measured.
    #[must_use]
    pub fn choice(&self) -> Option<Method> {
        let first = self.costs.first()?;
        let first_cost = first.per_mib()?;
        let measured = self.costs.iter().filter_map(|cost| cost.per_mib().map(|per_mib| (per_mib, cost.method)));
        let (cheapest_cost, cheapest) = measured.min_by_key(|&(per_mib, _)| per_mib)?;
        let enough = first_cost.saturating_sub(first_cost * limits::BULK_PROBE_MARGIN_PERCENT / 100);
        Some(if cheapest_cost <= enough { cheapest } else { first.method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [Method; 2] = [Method::Copy, Method::Splice];

    fn run(cpu_micros: impl Fn(Method, usize) -> u64) -> MethodProbe {
        let mut probe = MethodProbe::new(&METHODS);
        let mut turn = 0;
        while let Some(method) = probe.next_method() {
            probe.handle_segment(1 << 20, Duration::from_micros(cpu_micros(method, turn)));
            turn += 1;
        }
        probe
    }

    #[test]
    fn short_transfers_are_not_probed() {
        assert!(!MethodProbe::is_worth_it(limits::BULK_PROBE_FILE_MIN - 1));
        assert!(MethodProbe::is_worth_it(limits::BULK_PROBE_FILE_MIN));
    }

    #[test]
    fn the_cheapest_after_the_warm_up_wins() {
        // Splice is dear on its first turn (it makes its pipe) and cheap afterwards.
        let probe = run(|method, turn| match method {
            Method::Splice if turn > 1 => 100,
            Method::Splice => 10_000,
            Method::Copy | Method::Sendfile => 200,
        });
        assert_eq!(probe.choice(), Some(Method::Splice));
        assert_eq!(probe.costs()[1].per_mib(), Some(Duration::from_micros(100)));
    }

    #[test]
    fn a_small_gain_is_not_worth_a_change_and_nothing_measured_is_nothing_said() {
        let by_splice = |micros| run(move |method, _| if method == Method::Splice { micros } else { 1_000 }).choice();
        let margin = u64::from(limits::BULK_PROBE_MARGIN_PERCENT);
        assert_eq!(by_splice(1_000 - 10 * margin), Some(Method::Splice));
        assert_eq!(by_splice(1_001 - 10 * margin), Some(Method::Copy));
        assert_eq!(MethodProbe::new(&METHODS).choice(), None);
    }

    #[test]
    fn a_method_that_does_not_work_is_left_out() {
        let mut probe = MethodProbe::new(&METHODS);
        probe.handle_segment(1 << 20, Duration::from_micros(5));
        assert_eq!(probe.next_method(), Some(Method::Splice));
        probe.handle_unsupported();
        while let Some(method) = probe.next_method() {
            assert_eq!(method, Method::Copy);
            probe.handle_segment(1 << 20, Duration::from_micros(5));
        }
        assert_eq!(probe.choice(), Some(Method::Copy));
        probe.handle_unsupported();
        assert_eq!((probe.next_method(), probe.choice()), (None, None));
    }
}
