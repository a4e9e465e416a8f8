//! WeeChat without a screen: commands go through its fifo, what it shows is in its log files.

use super::Person;
use crate::support::{Running, eventually, text, without};
use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

pub(super) struct Weechat {
    home: TempDir,
    _running: Running,
}

impl Weechat {
    /// One that connects as `nick` and joins `#room`; `None` where it may be missing.
    pub(super) fn start(at: SocketAddr, nick: &str) -> Option<Self> {
        if without("weechat-headless") || without("weechat-fifo") {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        let (ip, port, fifo) = (at.ip(), at.port(), fifo.display());
        let commands = [
            "/set logger.file.flush_delay 0".to_owned(),
            format!("/set fifo.file.path {fifo}"),
            "/fifo enable".to_owned(),
            format!("/server add h {ip}/{port}"),
            // Before version 4 the option has another name; that there is no such option hurts nobody.
            "/set irc.server.h.ssl off".to_owned(),
            "/set irc.server.h.tls off".to_owned(),
            format!("/set irc.server.h.nicks {nick}"),
            format!("/set irc.server.h.username {nick}"),
            "/set irc.server.h.autojoin #room".to_owned(),
            "/set irc.server.h.autoreconnect_delay 1".to_owned(),
            // Else it waits two seconds after each line that its user types.
            "/set irc.server.h.anti_flood_prio_high 0".to_owned(),
            "/set irc.server.h.anti_flood_prio_low 0".to_owned(),
            "/set irc.server.h.anti_flood 0".to_owned(),
            "/connect h".to_owned(),
        ];
        let mut command = Command::new("weechat-headless");
        command.arg("--dir").arg(home.path()).args(["--run-command", &commands.join(";")]).env("HOME", home.path());
        let running = Running::start(command.env("TZ", "UTC").stdin(std::process::Stdio::null()));
        Some(Self { home, _running: running })
    }

    fn send(&self, buffer: &str, line: &str) {
        let fifo = self.home.path().join("fifo");
        eventually("WeeChat has its fifo", || fifo.exists());
        let mut fifo = std::fs::OpenOptions::new().write(true).open(fifo).unwrap();
        writeln!(fifo, "{buffer} *{line}").unwrap();
    }

    /// What the server's own buffer shows.
    pub(super) fn server(&self) -> String {
        text(self.home.path().join("logs/irc.server.h.weechatlog"))
    }
}

impl Person for Weechat {
    fn say(&mut self, text: &str) {
        self.send("irc.h.#room", text);
    }

    fn command(&mut self, line: &str) {
        self.send("irc.h.#room", &format!("/{line}"));
    }

    fn seen(&mut self) -> String {
        text(self.home.path().join("logs/irc.h.#room.weechatlog"))
    }
}
