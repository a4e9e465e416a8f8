//! The IRC servers under comparison, each with the least configuration that lets thousands of clients talk from one
//! machine: no limit on connections or speed, long send queues, nobody looked up.

use super::super::Lab;
use super::super::contender::{Contender, free_port};
use super::tls::Identity;
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// One IRC server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Helio,
    InspIrcd,
    NgIrcd,
}

/// What a connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Plain,
    Tls,
}

/// A server that listens, with the folder that holds all its files.
pub(super) struct Started {
    pub(super) contender: Contender,
    /// Removed when the server has ended.
    _folder: TempDir,
}

impl Server {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Helio => "helio",
            Self::InspIrcd => "inspircd",
            Self::NgIrcd => "ngircd",
        }
    }

    pub(super) fn is_there(self, lab: &Lab) -> bool {
        match self {
            Self::Helio => has_chat(lab),
            Self::InspIrcd | Self::NgIrcd => lab.has(self.name()),
        }
    }

    /// Starts it with an empty folder.
    pub(super) fn start(self, lab: &Lab, wire: Wire) -> Result<Started> {
        // Beside the programs, and not where temporary files are: that may be memory, and helio writes to a disk.
        let folder = tempfile::Builder::new().prefix("bench-chat-").tempdir_in(&lab.programs)?;
        // ngircd gives up the rights of root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let contender = Contender::on_free_port(|port| match self {
            Self::Helio => Ok(helio(lab, port, wire, folder.path())),
            Self::InspIrcd => inspircd(lab, port, wire, folder.path()),
            Self::NgIrcd => ngircd(lab, port, wire, folder.path()),
        })
        .with_context(|| format!("cannot measure {}", self.name()))?;
        Ok(Started { contender, _folder: folder })
    }
}

/// Whether this build of ours has the chat service.
fn has_chat(lab: &Lab) -> bool {
    let help = lab.command("helio", false).args(["serve", "--help"]).output();
    let there = help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("--chat-listen"));
    if !there {
        eprintln!("helio has no chat service in this build: only the others are measured");
    }
    there
}

/// Its clients on loopback are free of limits as it is.
fn helio(lab: &Lab, port: u16, wire: Wire, folder: &Path) -> Command {
    let mut command = lab.command("helio", false);
    let (here, elsewhere) = (format!("127.0.0.1:{port}"), "127.0.0.1:0".to_owned());
    let (plain, tls) = match wire {
        Wire::Plain => (&here, &elsewhere),
        Wire::Tls => (&elsewhere, &here),
    };
    command.args(["serve", "--services", "chat", "--chat-listen", plain, "--chat-tls-listen", tls, "--data-dir"]);
    command.arg(folder);
    command
}

fn inspircd(lab: &Lab, port: u16, wire: Wire, folder: &Path) -> Result<Command> {
    let (profile, bind) = match wire {
        Wire::Plain => (String::new(), ""),
        Wire::Tls => {
            let Identity { certificate, key } = Identity::create(folder)?;
            let files = format!(r#"certfile="{}" keyfile="{}""#, certificate.display(), key.display());
            let module = r#"<module name="ssl_gnutls">"#;
            (format!("{module}\n<sslprofile name=\"tls\" provider=\"gnutls\" {files}>\n"), r#" sslprofile="tls""#)
        }
    };
    let connections = r#"limit="20000" localmax="20000" globalmax="20000" resolvehostnames="no" useident="no""#;
    let queues = r#"hardsendq="1073741824" softsendq="1073741824" recvq="1048576""#;
    let speed = r#"commandrate="1000000000" threshold="1000000" fakelag="no""#;
    let configuration = format!(
        r#"<server name="irc.bench.example" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.example">
<dns server="127.0.0.1">
{profile}<bind address="127.0.0.1" port="{port}" type="clients"{bind}>
<connect allow="*" timeout="60" pingfreq="3600" {connections} {queues} {speed}>
<performance softlimit="20000" somaxconn="4096">
"#
    );
    let file = folder.join("inspircd.conf");
    fs::write(&file, configuration)?;
    let mut command = lab.command("inspircd", false);
    command.args(["--nofork", "--nopid", "--nolog", "--runasroot", "--config"]).arg(file);
    Ok(command)
}

fn ngircd(lab: &Lab, port: u16, wire: Wire, folder: &Path) -> Result<Command> {
    let (plain, tls) = match wire {
        Wire::Plain => (format!("Ports = {port}"), String::new()),
        Wire::Tls => {
            let Identity { certificate, key } = Identity::create(folder)?;
            let files = format!("CertFile = {}\nKeyFile = {}", certificate.display(), key.display());
            // Without a plain port of our choice it takes 6667.
            (format!("Ports = {}", free_port()?), format!("[SSL]\n{files}\nPorts = {port}\n"))
        }
    };
    let configuration = format!(
        "[Global]\nName = irc.bench.example\nInfo = bench\nListen = 127.0.0.1\n{plain}\n\
         [Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxJoins = 0\nMaxNickLength = 16\nMaxPenaltyTime = 0\n\
         PingTimeout = 3600\nPongTimeout = 3600\n\
         [Options]\nDNS = no\nIdent = no\nPAM = no\n{tls}"
    );
    let file = folder.join("ngircd.conf");
    fs::write(&file, configuration)?;
    let mut command = lab.command("ngircd", false);
    command.args(["--nodaemon", "--config"]).arg(file);
    Ok(command)
}
