//! Where figures were taken: without it they mean nothing.

use serde_json::{Value, json};
use std::fs::read_to_string;

/// The machine and its load. What cannot be read is absent.
#[derive(Debug)]
pub(crate) struct Environment {
    kernel: Option<String>,
    processor: Option<String>,
    cores: Option<usize>,
    congestion_control: Option<String>,
    /// Runnable tasks, averaged over the last minute before the benches.
    load: Option<f64>,
}

impl Environment {
    /// Reads it from `/proc`.
    pub(crate) fn read() -> Self {
        let line = |path: &str| read_to_string(path).ok().map(|text| text.trim().to_owned());
        let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find(|line| line.starts_with("model name"));
        Self {
            kernel: line("/proc/sys/kernel/osrelease"),
            processor: model.and_then(|line| line.split_once(": ")).map(|(_, model)| model.to_owned()),
            cores: std::thread::available_parallelism().ok().map(usize::from),
            congestion_control: line("/proc/sys/net/ipv4/tcp_congestion_control"),
            load: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
        }
    }

    /// One paragraph.
    pub(crate) fn markdown(&self) -> String {
        let parts = [
            self.kernel.as_ref().map(|kernel| format!("Linux {kernel}")),
            self.processor.clone(),
            self.cores.map(|cores| format!("{cores} cores")),
            self.congestion_control.as_ref().map(|name| format!("congestion control {name}")),
            self.load.map(|load| format!("load {load:.2} before")),
        ];
        format!("{}; loopback.\n", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    /// With one key a fact; `null` for what could not be read.
    pub(crate) fn json(&self) -> Value {
        let Self { kernel, processor, cores, congestion_control, load } = self;
        json!({
            "kernel": kernel,
            "processor": processor,
            "cores": cores,
            "congestion_control": congestion_control,
            "load_1min": load,
        })
    }
}

/// The highest core that we may run on: the lowest is where most interrupts go. 0 when it cannot be read.
pub(crate) fn last_allowed_core() -> usize {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    last_core(list).unwrap_or(0)
}

/// The last number of a list such as `0-3,8`; proc(5).
fn last_core(list: &str) -> Option<usize> {
    list.trim().rsplit([',', '-']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_core_of_any_list_is_found() {
        for (list, core) in [("\t0-1\n", Some(1)), ("0", Some(0)), ("0-3,8", Some(8)), ("0,2-5", Some(5)), ("", None)] {
            assert_eq!(last_core(list), core, "{list:?}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_absent() {
        let nothing =
            Environment { kernel: None, processor: None, cores: Some(2), congestion_control: None, load: None };
        assert_eq!(nothing.markdown(), "2 cores; loopback.\n");
        assert_eq!(nothing.json()["kernel"], Value::Null);
    }
}
