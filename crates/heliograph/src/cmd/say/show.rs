//! What `helio say` prints: each answer with its times, and the summary.

use crate::exit::Outcome;
use crate::output;
use helio_client::say::{Said, TcpFacts};
use helio_core::limits;
use helio_core::measure::stats::quantile;
use helio_core::printable::{hex_dump, push_text};
use helio_core::time::{human, nanos};
use serde::Serialize;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

/// Shows exchanges and remembers their times.
pub(super) struct Show {
    hex: bool,
    json: bool,
    quiet: bool,
    /// Messages sent or tried.
    exchanges: u64,
    answered: u64,
    /// Times of the last byte of whole answers.
    times_ns: Vec<u64>,
}

/// One exchange for machines. Times that were not measured are absent.
#[derive(Serialize)]
struct JsonExchange<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    n: u64,
    peer: String,
    outcome: &'static str,
    message_bytes: usize,
    sent_bytes: usize,
    received_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    /// Set when the answer is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_returned_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_byte_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_byte_ns: Option<u64>,
}

impl Show {
    pub(super) fn new(hex: bool, json: bool, quiet: bool) -> Self {
        Self { hex, json, quiet, exchanges: 0, answered: 0, times_ns: Vec::new() }
    }

    /// A message that could not be exchanged at all.
    pub(super) fn failed(&mut self) {
        self.exchanges += 1;
    }

    pub(super) fn said(&mut self, said: &Said) -> Outcome {
        self.count(said);
        if self.json {
            return output::json(&self.exchange_json(said));
        }
        self.answer(said)?;
        if !self.quiet {
            output::message(times_line(said));
        }
        Ok(())
    }

    fn count(&mut self, said: &Said) {
        self.exchanges += 1;
        if said.outcome.is_answered() {
            self.answered += 1;
            if let Some(last) = said.times.last_byte
                && self.times_ns.len() < limits::SAID_TIMES
            {
                self.times_ns.push(nanos(last));
            }
        }
    }

    /// On a terminal control characters are escaped; elsewhere the answer is written as it came, and ends a line.
    fn answer(&self, said: &Said) -> Outcome {
        if said.received_bytes == 0 {
            return Ok(());
        }
        if self.hex {
            output::line(hex_dump(&said.answer))?;
        } else if io::stdout().is_terminal() {
            for line in said.answer.strip_suffix(b"\n").unwrap_or(&said.answer).split(|&byte| byte == b'\n') {
                let mut text = String::new();
                push_text(&mut text, line.strip_suffix(b"\r").unwrap_or(line));
                output::line(text)?;
            }
        } else {
            output::bytes(&said.answer)?;
            if !said.answer.ends_with(b"\n") {
                output::bytes(b"\n")?;
            }
        }
        let hidden = said.received_bytes - said.answer.len() as u64;
        if hidden > 0 {
            output::message(format_args!("  and {hidden} bytes more, which are not shown"));
        }
        Ok(())
    }

    fn exchange_json<'a>(&self, said: &'a Said) -> JsonExchange<'a> {
        let answer = std::str::from_utf8(&said.answer).ok();
        let hex = || said.answer.iter().map(|byte| format!("{byte:02x}")).collect();
        JsonExchange {
            kind: "exchange",
            n: self.exchanges,
            peer: said.peer.to_string(),
            outcome: said.outcome.name(),
            message_bytes: said.message_bytes,
            sent_bytes: said.sent_bytes,
            received_bytes: said.received_bytes,
            answer,
            answer_hex: answer.is_none().then(hex),
            lookup_ns: said.lookup.map(nanos),
            connect_ns: said.connect.map(nanos),
            tls_ns: said.tls.map(nanos),
            send_returned_ns: said.times.send_returned.map(nanos),
            first_byte_ns: said.times.first_byte.map(nanos),
            last_byte_ns: said.times.last_byte.map(nanos),
        }
    }

    /// The end: statistics when there is more than one exchange, and what TCP said.
    pub(super) fn summary(&self, tcp: Option<&TcpFacts>) -> Outcome {
        let statistics = Statistics::of(&self.times_ns);
        if self.json {
            return output::json(&JsonSummary {
                kind: "summary",
                exchanges: self.exchanges,
                answered: self.answered,
                times: statistics,
                congestion_control: tcp.and_then(|facts| facts.congestion_control.as_deref()),
                tcp_info: tcp.map(|facts| &facts.info),
            });
        }
        if self.quiet {
            return Ok(());
        }
        if self.exchanges > 1 {
            output::message(summary_line(self.exchanges, self.answered, &statistics));
        }
        if let Some(facts) = tcp {
            output::message(tcp_line(facts));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct JsonSummary<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    exchanges: u64,
    answered: u64,
    #[serde(flatten)]
    times: Statistics,
    #[serde(skip_serializing_if = "Option::is_none")]
    congestion_control: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp_info: Option<&'a helio_net::tcp_info::TcpInfo>,
}

/// Exchanges from which a 95th percentile is told: below, it is no other number than the largest.
const P95_SAMPLES: usize = 20;

/// Times from the first byte sent to the last byte of whole answers.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Statistics {
    #[serde(skip_serializing_if = "Option::is_none")]
    min_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    median_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_ns: Option<u64>,
}

impl Statistics {
    fn of(times_ns: &[u64]) -> Self {
        let mut sorted = times_ns.to_vec();
        sorted.sort_unstable();
        Self {
            min_ns: sorted.first().copied(),
            median_ns: quantile(&sorted, 0.5),
            p95_ns: (sorted.len() >= P95_SAMPLES).then(|| quantile(&sorted, 0.95)).flatten(),
            max_ns: sorted.last().copied(),
        }
    }
}

fn times_line(said: &Said) -> String {
    let parts = [
        ("lookup", said.lookup),
        ("connect", said.connect),
        ("TLS", said.tls),
        ("send returned", said.times.send_returned),
        ("first byte", said.times.first_byte),
        ("last byte", said.times.last_byte),
    ];
    let cut = if said.sent_bytes < said.message_bytes { format!(" of {}", said.message_bytes) } else { String::new() };
    let unit = if said.message_bytes == 1 { "byte" } else { "bytes" };
    let mut line = format!("  {}{cut} {unit} out, {} in", said.sent_bytes, said.received_bytes);
    for (name, time) in parts {
        if let Some(time) = time {
            line += &format!(" · {name} {}", human(time));
        }
    }
    if said.late_bytes > 0 {
        line += &format!(" · {} late bytes of an earlier answer dropped", said.late_bytes);
    }
    line
}

fn summary_line(exchanges: u64, answered: u64, times: &Statistics) -> String {
    let mut line = format!("{exchanges} messages, {answered} answered");
    let parts = [("min", times.min_ns), ("median", times.median_ns), ("p95", times.p95_ns), ("max", times.max_ns)];
    for (name, time) in parts {
        if let Some(time) = time {
            line += &format!(" · {name} {}", human(Duration::from_nanos(time)));
        }
    }
    line
}

fn tcp_line(facts: &TcpFacts) -> String {
    let info = &facts.info;
    let micros = |value: u32| human(Duration::from_micros(value.into()));
    let parts = [
        info.rtt_us.map(|rtt| {
            format!("rtt {}", micros(rtt))
                + &info.rttvar_us.map(|var| format!(" ± {}", micros(var))).unwrap_or_default()
        }),
        info.total_retrans.map(|count| format!("{count} retransmits")),
        facts.congestion_control.clone(),
        info.snd_mss.map(|mss| format!("MSS {mss} bytes")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("TCP says: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::answer::{Outcome, Times};
    use helio_net::tcp_info::TcpInfo;

    fn said(lookup: Option<Duration>) -> Said {
        let us = |us| Some(Duration::from_micros(us));
        Said {
            peer: ([127, 0, 0, 1], 65432).into(),
            message_bytes: 11,
            sent_bytes: 11,
            lookup,
            connect: lookup.and(us(81)),
            tls: None,
            outcome: Outcome::Quiet,
            times: Times { send_returned: us(14), first_byte: us(62), last_byte: us(63) },
            answer: b"ACK: Hello, TCP!".to_vec(),
            received_bytes: 16,
            late_bytes: 0,
        }
    }

    #[test]
    fn times_that_were_not_measured_are_not_shown() {
        insta::assert_snapshot!(times_line(&said(Some(Duration::from_micros(12)))),
            @"  11 bytes out, 16 in · lookup 12.0 µs · connect 81.0 µs · send returned 14.0 µs · first byte 62.0 µs · last byte 63.0 µs");
        insta::assert_snapshot!(times_line(&said(None)),
            @"  11 bytes out, 16 in · send returned 14.0 µs · first byte 62.0 µs · last byte 63.0 µs");
        let mut cut = Said { outcome: Outcome::SendTimedOut, message_bytes: 99, ..said(None) };
        cut.times.send_returned = None;
        insta::assert_snapshot!(times_line(&cut),
            @"  11 of 99 bytes out, 16 in · first byte 62.0 µs · last byte 63.0 µs");
    }

    #[test]
    fn the_summary_tells_a_95th_percentile_only_from_twenty_answers_on() {
        let few: Vec<u64> = (1..=19).map(|n| n * 1_000).collect();
        let many: Vec<u64> = (0..=100).map(|n| n * 1_000).collect();
        insta::assert_snapshot!(summary_line(20, 19, &Statistics::of(&few)), @"20 messages, 19 answered · min 1.00 µs · median 10.0 µs · max 19.0 µs");
        insta::assert_snapshot!(summary_line(101, 101, &Statistics::of(&many)), @"101 messages, 101 answered · min 0 ns · median 50.0 µs · p95 95.0 µs · max 100 µs");
        insta::assert_snapshot!(summary_line(2, 0, &Statistics::of(&[])), @"2 messages, 0 answered");
    }

    #[test]
    fn beyond_the_bound_answers_are_counted_and_their_times_forgotten() {
        let mut show = Show::new(false, false, true);
        let mut one = said(None);
        for _ in 0..limits::SAID_TIMES {
            show.count(&one);
        }
        one.times.last_byte = Some(Duration::from_secs(1));
        show.count(&one);
        let all = limits::SAID_TIMES as u64 + 1;
        assert_eq!((show.exchanges, show.answered, show.times_ns.len()), (all, all, limits::SAID_TIMES));
        assert_eq!(Statistics::of(&show.times_ns).max_ns, Some(63_000));
    }

    #[test]
    fn what_the_kernel_did_not_say_is_left_out() {
        let info = TcpInfo {
            rtt_us: Some(31),
            rttvar_us: Some(9),
            total_retrans: Some(0),
            snd_mss: Some(32_768),
            ..TcpInfo::default()
        };
        let facts = TcpFacts { info, congestion_control: Some("bbr".into()) };
        insta::assert_snapshot!(tcp_line(&facts), @"TCP says: rtt 31.0 µs ± 9.00 µs, 0 retransmits, bbr, MSS 32768 bytes");
        let old = TcpFacts { info: TcpInfo { rtt_us: Some(31), ..TcpInfo::default() }, congestion_control: None };
        insta::assert_snapshot!(tcp_line(&old), @"TCP says: rtt 31.0 µs");
    }
}
