//! The process itself, as the kernel sees it (`proc(5)`), and the size of the store.

use super::Metrics;
use super::table::Metric;
use std::fs;
use std::path::Path;

/// Takes over what the kernel says about this process. What it does not say stays as it was.
pub fn sample_process(metrics: &Metrics) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let rest = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    let files = fs::read_dir("/proc/self/fd").ok().map(|list| (list.count() as u64).saturating_sub(1));
    let max_files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let cells = [
        (Metric::ProcessMemory, field("VmRSS").map(|kib| kib * 1024)),
        (Metric::ProcessThreads, field("Threads")),
        (Metric::ProcessFiles, files),
        (Metric::ProcessMaxFiles, Some(max_files.unwrap_or(u64::MAX))),
        (Metric::ProcessCpu, cpu_micros()),
    ];
    for (metric, value) in cells {
        if let Some(value) = value {
            metrics.set(metric, value);
        }
    }
}

/// Takes over how large the store in `directory` is. It asks the disk, so it may take as long as that.
pub fn sample_store(metrics: &Metrics, directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let sizes = entries.filter_map(|entry| entry.ok()?.metadata().ok()).filter(fs::Metadata::is_file);
    metrics.set(Metric::StoreBytes, sizes.map(|file| file.len()).sum());
}

/// The processor time of all threads.
fn cpu_micros() -> Option<u64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(u64::try_from(time.tv_sec).ok()? * 1_000_000 + u64::try_from(time.tv_nsec).ok()? / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_threads_files_and_has_used_time() {
        let metrics = Metrics::default();
        sample_process(&metrics);
        for metric in [Metric::ProcessMemory, Metric::ProcessThreads, Metric::ProcessFiles, Metric::ProcessMaxFiles] {
            assert!(metrics.get(metric) > 0, "{metric:?}");
        }
    }

    #[test]
    fn the_store_is_as_large_as_its_files() {
        let (metrics, dir) = (Metrics::default(), tempfile::tempdir().unwrap());
        fs::write(dir.path().join("a"), [0; 1_000]).unwrap();
        fs::write(dir.path().join("b"), [0; 24]).unwrap();
        sample_store(&metrics, dir.path());
        assert_eq!(metrics.get(Metric::StoreBytes), 1_024);
        sample_store(&metrics, &dir.path().join("none"));
        assert_eq!(metrics.get(Metric::StoreBytes), 1_024);
    }
}
