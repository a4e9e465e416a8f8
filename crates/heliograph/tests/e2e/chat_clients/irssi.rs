//! irssi in tmux: keys go in, the screen comes out.

use super::Person;
use crate::support::{finish, without};
use std::net::SocketAddr;
use std::process::Command;
use tempfile::TempDir;

pub(super) struct Irssi {
    home: TempDir,
}

impl Irssi {
    /// One that connects as `nick` and joins `#room`; `None` where it may be missing.
    pub(super) fn start(at: SocketAddr, nick: &str) -> Option<Self> {
        if without("irssi") || without("tmux") {
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let (ip, port) = (at.ip(), at.port());
        let config = format!(
            r#"
            servers = ( {{ address = "{ip}"; chatnet = "h"; port = "{port}"; autoconnect = "yes"; }} );
            chatnets = {{ h = {{ type = "IRC"; nick = "{nick}"; }}; }};
            channels = ( {{ name = "\#room"; chatnet = "h"; autojoin = "yes"; }} );
            settings = {{
                core = {{ real_name = "{nick}"; user_name = "{nick}"; nick = "{nick}"; timestamp_format = "%H:%M:%S"; }};
                "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }};
                "fe-common/core" = {{ window_auto_change = "yes"; }};
                # Without it irssi shows when a message came, not when it was said.
                "fe-text" = {{ show_server_time = "yes"; }};
            }};
            "#
        );
        std::fs::write(home.path().join("config"), config.replace("\\#", "#")).unwrap();
        let irssi = Self { home };
        let home = irssi.home.path().to_str().unwrap();
        let size = ["-x", "200", "-y", "60"];
        irssi.tmux(
            &[
                &["-f", "/dev/null", "new-session", "-d"],
                &size[..],
                &["env", "TZ=UTC", "TERM=screen", "irssi", "--home", home],
            ]
            .concat(),
        );
        Some(irssi)
    }

    fn tmux(&self, args: &[&str]) -> String {
        let socket = self.home.path().join("tmux");
        let done = finish(Command::new("tmux").arg("-S").arg(socket).args(args).env("LC_ALL", "C.UTF-8"));
        assert_eq!(done.code, 0, "{args:?}: {}", done.stderr);
        done.stdout
    }

    /// Shows another window.
    pub(super) fn show(&self, window: u32) {
        self.type_line(&format!("/window {window}"));
    }

    fn type_line(&self, line: &str) {
        self.tmux(&["send-keys", "-l", "--", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// The screen; lines that are too long for it are whole.
    pub(super) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J"])
    }
}

impl Drop for Irssi {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

impl Person for Irssi {
    fn say(&mut self, text: &str) {
        self.type_line(text);
    }

    fn command(&mut self, line: &str) {
        self.type_line(&format!("/{line}"));
    }

    fn seen(&mut self) -> String {
        self.screen()
    }

    fn arrive(&mut self) {
        self.sees("[2:h/#room(+nt)");
    }
}
