//! A small disk that can be full, and grow: a tmpfs in a mount namespace of its own, held by a process that only waits.

use super::{Running, clean, finish, without};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Programs are started on it one after another; it ends with this value.
pub(crate) struct SmallDisk {
    holder: Running,
    at: TempDir,
}

impl SmallDisk {
    /// A disk of `kib` KiB; `None` on a machine that is excused from having namespaces.
    pub(crate) fn mount(kib: usize) -> Option<Self> {
        if without("unshare") {
            return None;
        }
        let at = tempfile::tempdir().unwrap();
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs {} && echo mounted && exec tail -f /dev/null",
            at.path().display()
        );
        let mut holder =
            Running::start(Command::new("unshare").args(["--map-root-user", "--mount", "bash", "-c", &script]));
        holder.wait_for("mounted");
        Some(Self { holder, at })
    }

    fn inside(&self) -> Command {
        let mut command = Command::new("nsenter");
        let holder = self.holder.id().to_string();
        command.args(["--target", &holder, "--user", "--preserve-credentials", "--mount"]);
        command
    }

    /// `helio`, which sees the disk at [`SmallDisk::path`].
    pub(crate) fn helio(&self) -> Command {
        let mut command = self.inside();
        command.arg(env!("CARGO_BIN_EXE_helio"));
        clean(command)
    }

    /// Where the disk is, for programs on it.
    pub(crate) fn path(&self) -> &Path {
        self.at.path()
    }

    /// Where the disk is, for everybody else.
    pub(crate) fn outside(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), self.at.path().display()))
    }

    pub(crate) fn resize(&self, kib: usize) {
        let done = finish(self.inside().args(["mount", "-o", &format!("remount,size={kib}k")]).arg(self.at.path()));
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}
