//! Which system calls move a file's bytes, decided by measuring them on its first segments.

use crate::limits;
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
pub struct MethodProbe<const N: usize> {
    costs: [MethodCost; N],
    turns_done: usize,
}

impl<const N: usize> MethodProbe<N> {
    /// A probe of `methods`; the first wins ties. A transfer of `bytes` that is short, or of unknown length, is not
    /// worth a probe: `None`.
    #[must_use]
    pub fn new(methods: [Method; N], bytes: Option<u64>) -> Option<Self> {
        let worth_it = bytes.is_some_and(|bytes| bytes >= limits::BULK_PROBE_FILE_MIN);
        let costs = methods.map(|method| MethodCost { method, bytes: 0, cpu: Duration::ZERO });
        worth_it.then_some(Self { costs, turns_done: 0 })
    }

    /// The method to move the next [`limits::BULK_PROBE_SEGMENT`] bytes with; `None` when all had their turns.
    #[must_use]
    pub fn next_method(&self) -> Option<Method> {
        (self.turns_done < N * limits::BULK_PROBE_TURNS).then(|| self.costs[self.turns_done % N].method)
    }

    /// The segment asked for was moved. The first turn of each method only warms up and is not counted.
    pub fn handle_segment(&mut self, bytes: u64, cpu: Duration) {
        if self.turns_done >= N
            && let Some(cost) = self.costs.get_mut(self.turns_done % N)
        {
            cost.bytes += bytes;
            cost.cpu += cpu;
        }
        self.turns_done += 1;
    }

    /// What was measured so far.
    #[must_use]
    pub fn costs(&self) -> &[MethodCost; N] {
        &self.costs
    }

    /// The cheapest method of those that were measured.
    #[must_use]
    pub fn cheapest(&self) -> Option<Method> {
        let measured = self.costs.iter().filter_map(|cost| cost.per_mib().map(|per_mib| (per_mib, cost.method)));
        measured.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, method)| method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Option<u64> = Some(limits::BULK_PROBE_FILE_MIN);

    fn run(probe: &mut MethodProbe<2>, cpu_micros: impl Fn(Method, usize) -> u64) {
        let mut turn = 0;
        while let Some(method) = probe.next_method() {
            probe.handle_segment(1 << 20, Duration::from_micros(cpu_micros(method, turn)));
            turn += 1;
        }
    }

    #[test]
    fn short_or_endless_sources_are_not_probed() {
        let methods = [Method::Copy, Method::Splice];
        assert!(MethodProbe::new(methods, Some(limits::BULK_PROBE_FILE_MIN - 1)).is_none());
        assert!(MethodProbe::new(methods, None).is_none());
        assert!(MethodProbe::new(methods, LONG).is_some());
    }

    #[test]
    fn the_cheapest_after_the_warm_up_wins() {
        let mut probe = MethodProbe::new([Method::Copy, Method::Splice], LONG).unwrap();
        // Splice is dear on its first turn (it makes its pipe) and cheap afterwards.
        run(&mut probe, |method, turn| match method {
            Method::Splice if turn > 1 => 100,
            Method::Splice => 10_000,
            Method::Copy | Method::Sendfile => 200,
        });
        assert_eq!(probe.cheapest(), Some(Method::Splice));
        assert_eq!(probe.costs()[1].per_mib(), Some(Duration::from_micros(100)));
    }

    #[test]
    fn the_first_method_wins_a_tie_and_nothing_measured_is_nothing_said() {
        let mut probe = MethodProbe::new([Method::Copy, Method::Sendfile], LONG).unwrap();
        assert_eq!((probe.cheapest(), probe.costs()[0].per_mib()), (None, None));
        run(&mut probe, |_, _| 50);
        assert_eq!(probe.cheapest(), Some(Method::Copy));
    }
}
