//! A program in tmux: keys go in, the screen comes out.

use super::{PLENTY, finish};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// One terminal with a server of its own; dropping it ends both.
pub(crate) struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// A terminal of this size in which `command` runs. The socket is put into `dir`.
    pub(crate) fn start(dir: &Path, width: u16, height: u16, command: &[&str]) -> Self {
        let tmux = Self { socket: dir.join("tmux") };
        let (width, height) = (width.to_string(), height.to_string());
        let size = ["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height];
        tmux.run(&[&size, command].concat());
        tmux
    }

    /// Types a text as it is.
    pub(crate) fn types(&self, text: &str) {
        self.run(&["send-keys", "-l", "--", text]);
    }

    /// Presses a key, by its name in tmux: `Enter`, `C-c`, `M-u`.
    pub(crate) fn key(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// Types a text, and Enter.
    pub(crate) fn type_line(&self, line: &str) {
        self.types(line);
        self.key("Enter");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.run(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// The screen; lines that are too long for it are whole.
    pub(crate) fn screen(&self) -> String {
        self.run(&["capture-pane", "-p", "-J"])
    }

    /// Waits until a text is on the screen; the line with it.
    pub(crate) fn sees(&self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if let Some(line) = screen.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(started.elapsed() < PLENTY, "no line with {text:?} in:\n{screen}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Runs a command of tmux; what it prints.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let done = finish(command.arg("-S").arg(&self.socket).args(args).env("LC_ALL", "C.UTF-8"));
        assert_eq!(done.code, 0, "{args:?}: {}", done.stderr);
        done.stdout
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Where the program ended, the server is gone already.
        finish(Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server"));
    }
}
