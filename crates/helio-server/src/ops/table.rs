//! The table of all metrics. `docs/operations.md` explains each row; a test compares the two.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the rows of `TABLE` say what each is")]
pub enum Metric {
    BuildInfo,
    Ready,
    Connections,
    ConnectionsOpened,
    HandshakesFailed,
    Handshakes,
    Registering,
    Users,
    Rooms,
    EmptyRooms,
    Accounts,
    Messages,
    Delivered,
    Acknowledged,
    NotStored,
    Refused,
    HubInputs,
    SendQueueBytes,
    Uncommitted,
    StoreReads,
    PasswordsWaiting,
    StoreFailing,
    StoreBytes,
    CommitSeconds,
    CommitRecords,
    HubTurnAge,
    StoreTurnAge,
    EventsNotShown,
    ProcessMemory,
    ProcessFiles,
    ProcessMaxFiles,
    ProcessThreads,
    ProcessCpu,
    ProcessStart,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the program starts again. Its name ends with `_total`.
    Counter,
    /// It grows as a counter does; its cell counts microseconds, it is shown in seconds.
    CounterOfMicros,
    /// It goes up and down.
    Gauge,
    /// The same; its cell holds milliseconds, it is shown in seconds.
    GaugeOfMillis,
    /// Durations or sizes, by how many were no more than some values.
    Histogram,
    /// Always 1; its labels are what it tells.
    Info,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub metric: Metric,
    /// Its name as it is scraped, without what the format adds.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it is, in one sentence.
    pub help: &'static str,
    /// Its label and all its values, if it has one.
    pub label: Option<(&'static str, &'static [&'static str])>,
}

/// Where a connection came in: values of the label `listener`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Place {
    /// IRC without encryption.
    Irc,
    /// IRC over TLS.
    IrcTls,
    /// IRC over WebSocket.
    Web,
    /// The same over TLS.
    WebTls,
    /// Lines of text.
    Lines,
    /// The echo service.
    Echo,
    /// The log.
    Log,
}

impl Place {
    /// That of a service with one kind of listener.
    #[must_use]
    pub fn of_service(name: &str) -> Self {
        if name == "log" { Self::Log } else { Self::Echo }
    }
}

/// Why something was refused, or somebody was closed: values of the label `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Reason {
    Connections,
    Flood,
    SlowReader,
    Login,
    Registration,
    Ban,
    Lockdown,
}

const LISTENER: Option<(&str, &[&str])> =
    Some(("listener", &["irc", "irc-tls", "web", "web-tls", "lines", "echo", "log"]));
const REASON: Option<(&str, &[&str])> =
    Some(("reason", &["connections", "flood", "slow-reader", "login", "registration", "ban", "lockdown"]));

const fn row(metric: Metric, name: &'static str, kind: Kind, help: &'static str) -> Row {
    Row { metric, name, kind, help, label: None }
}

/// Every metric, in the order of [`Metric`].
pub const TABLE: [Row; 34] = [
    row(Metric::BuildInfo, "helio_build", Kind::Info, "Version of the program"),
    row(Metric::Ready, "helio_ready", Kind::Gauge, "1 when /readyz says yes"),
    Row {
        label: LISTENER,
        ..row(Metric::Connections, "helio_connections", Kind::Gauge, "Open connections, by where they came in")
    },
    Row {
        label: LISTENER,
        ..row(Metric::ConnectionsOpened, "helio_connections_opened", Kind::Counter, "Connections that were opened")
    },
    Row {
        label: LISTENER,
        ..row(
            Metric::HandshakesFailed,
            "helio_handshakes_failed",
            Kind::Counter,
            "Connections dropped before they could say anything",
        )
    },
    row(Metric::Handshakes, "helio_handshakes", Kind::Gauge, "Connections in their TLS handshake or HTTP request"),
    row(Metric::Registering, "helio_registering", Kind::Gauge, "Chat connections that have not registered"),
    row(Metric::Users, "helio_users", Kind::Gauge, "Users in the chat, guests included"),
    row(Metric::Rooms, "helio_rooms", Kind::Gauge, "Rooms, empty ones included"),
    row(Metric::EmptyRooms, "helio_rooms_empty", Kind::Gauge, "Rooms in which nobody is"),
    row(Metric::Accounts, "helio_accounts", Kind::Gauge, "Accounts, deleted ones included"),
    row(Metric::Messages, "helio_messages", Kind::Counter, "Messages taken that are to be kept"),
    row(Metric::Delivered, "helio_lines_delivered", Kind::Counter, "Lines queued for those whom something concerns"),
    row(
        Metric::Acknowledged,
        "helio_acknowledged",
        Kind::Counter,
        "Messages whose author was told that they are on disk",
    ),
    row(Metric::NotStored, "helio_not_stored", Kind::Counter, "Messages and settings whose commit failed"),
    Row {
        label: REASON,
        ..row(Metric::Refused, "helio_refused", Kind::Counter, "What limits and throttles refused or ended, by which")
    },
    row(Metric::HubInputs, "helio_hub_inputs", Kind::Gauge, "Inputs that wait for the chat's thread"),
    row(Metric::SendQueueBytes, "helio_send_queue_bytes", Kind::Gauge, "Bytes that wait for all clients to read"),
    row(Metric::Uncommitted, "helio_uncommitted", Kind::Gauge, "Records that wait to be on disk"),
    row(Metric::StoreReads, "helio_store_reads", Kind::Gauge, "Reads of history that wait for the store"),
    row(Metric::PasswordsWaiting, "helio_passwords_waiting", Kind::Gauge, "Passwords that are compared or wait for it"),
    row(Metric::StoreFailing, "helio_store_failing", Kind::Gauge, "1 while messages are refused since a commit failed"),
    row(Metric::StoreBytes, "helio_store_bytes", Kind::Gauge, "Size of the store's files"),
    row(Metric::CommitSeconds, "helio_commit_seconds", Kind::Histogram, "Time of one commit, sync included"),
    row(Metric::CommitRecords, "helio_commit_records", Kind::Histogram, "Records in one commit"),
    row(
        Metric::HubTurnAge,
        "helio_hub_turn_age_seconds",
        Kind::GaugeOfMillis,
        "Time since the chat's thread came round",
    ),
    row(
        Metric::StoreTurnAge,
        "helio_store_turn_age_seconds",
        Kind::GaugeOfMillis,
        "Time since the store's thread came round",
    ),
    row(
        Metric::EventsNotShown,
        "helio_events_not_shown",
        Kind::Counter,
        "Events that were not logged, too many at once",
    ),
    row(Metric::ProcessMemory, "process_resident_memory_bytes", Kind::Gauge, "Memory of the process"),
    row(Metric::ProcessFiles, "process_open_fds", Kind::Gauge, "Open file descriptors"),
    row(Metric::ProcessMaxFiles, "process_max_fds", Kind::Gauge, "Most file descriptors that may be open"),
    row(Metric::ProcessThreads, "process_threads", Kind::Gauge, "Threads of the process"),
    row(Metric::ProcessCpu, "process_cpu_seconds", Kind::CounterOfMicros, "Processor time used"),
    row(Metric::ProcessStart, "process_start_time_seconds", Kind::Gauge, "When the process started, in Unix time"),
];

impl Row {
    /// How many cells it has: one for each value of its label.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.label.map_or(1, |(_, values)| values.len())
    }

    /// The name by which an operator finds it in a scrape.
    #[must_use]
    pub fn shown_name(&self) -> String {
        match self.kind {
            Kind::Counter | Kind::CounterOfMicros => format!("{}_total", self.name),
            Kind::Info => format!("{}_info", self.name),
            Kind::Gauge | Kind::GaugeOfMillis | Kind::Histogram => self.name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_at_the_place_of_its_metric_and_names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.metric as usize, index, "{}", row.name);
        }
    }

    #[test]
    fn each_value_of_a_label_has_its_variant() {
        assert_eq!(LISTENER.unwrap().1[Place::Log as usize], "log");
        assert_eq!(LISTENER.unwrap().1.len(), Place::Log as usize + 1);
        assert_eq!(REASON.unwrap().1[Reason::SlowReader as usize], "slow-reader");
        assert_eq!(REASON.unwrap().1.len(), Reason::Lockdown as usize + 1);
    }

    #[test]
    fn the_manual_explains_every_metric_and_no_other() {
        let manual = include_str!("../../../../docs/operations.md");
        let explained: Vec<_> = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let explained: Vec<_> = explained.iter().filter(|name| name.contains('_')).copied().collect();
        let all: Vec<_> = TABLE.iter().map(Row::shown_name).collect();
        assert_eq!(explained, all, "docs/operations.md has a row for each metric, in the same order");
    }
}
