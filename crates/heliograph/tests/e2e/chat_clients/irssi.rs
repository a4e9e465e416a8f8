//! irssi in tmux: keys go in, the screen comes out.

use super::Person;
use crate::support::tmux::Tmux;
use crate::support::without;
use std::net::SocketAddr;
use tempfile::TempDir;

pub(super) struct Irssi {
    // It ends before its folder goes.
    tmux: Tmux,
    _home: TempDir,
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
        let path = home.path().to_str().unwrap();
        let tmux = Tmux::start(home.path(), 200, 60, &["env", "TZ=UTC", "TERM=screen", "irssi", "--home", path]);
        Some(Self { tmux, _home: home })
    }

    /// Shows another window.
    pub(super) fn show(&self, window: u32) {
        self.tmux.type_line(&format!("/window {window}"));
    }

    /// The screen; lines that are too long for it are whole.
    pub(super) fn screen(&self) -> String {
        self.tmux.screen()
    }
}

impl Person for Irssi {
    fn say(&mut self, text: &str) {
        self.tmux.type_line(text);
    }

    fn command(&mut self, line: &str) {
        self.tmux.type_line(&format!("/{line}"));
    }

    fn seen(&mut self) -> String {
        self.screen()
    }

    fn arrive(&mut self) {
        self.sees("[2:h/#room(+nt)");
    }
}
