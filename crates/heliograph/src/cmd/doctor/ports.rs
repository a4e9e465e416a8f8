//! Is every port free, or has the server that runs got it?

use super::{Finding, Level, Patient, store};
use crate::run::small_runtime;
use helio_net::address::{Address, Scheme};
use helio_net::listen::{self, BindError};
use std::fs;
use std::path::Path;

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let wanted = patient.settings.all_addresses();
    let runtime = match small_runtime() {
        Ok(runtime) => runtime,
        Err(failure) => return vec![Finding::fail(failure.message, "look at ulimit -u")],
    };
    let server = store::holder(patient);
    let mut free = Vec::new();
    let mut findings = Vec::new();
    for address in wanted {
        match runtime.block_on(bind(&address)) {
            Ok(()) => free.push(address.to_string()),
            Err(error) => {
                let mut finding = judge(&address, &error, server);
                if patient.settings.can_do_without(&address) {
                    finding.level = finding.level.min(Level::Warn);
                }
                findings.push(finding);
            }
        }
    }
    if !free.is_empty() {
        findings.insert(0, Finding::ok(format_args!("free: {}", free.join(" "))));
    }
    findings
}

/// Listens for a moment.
async fn bind(address: &Address) -> Result<(), BindError> {
    if address.admits(Scheme::Tcp) || address.scheme == Some(Scheme::Tls) {
        let plain = Address { scheme: Some(Scheme::Tcp), ..address.clone() };
        drop(listen::tcp(&plain).await?);
    }
    if address.admits(Scheme::Udp) {
        drop(listen::udp(address).await?);
    }
    Ok(())
}

fn judge(address: &Address, error: &BindError, server: Option<u32>) -> Finding {
    match error {
        BindError::InUse { .. } => match server.map(|pid| (pid, has_port(pid, address.port))) {
            Some((pid, Some(true))) => Finding::ok(format_args!("{address} is listened on by our server, pid {pid}")),
            Some((pid, None)) => Finding::warn(
                format_args!("{address} is in use, and we may not see whether by our server, pid {pid}"),
                "run helio doctor as the user of the server",
            ),
            Some((_, Some(false))) | None => Finding::fail(
                format_args!("{address} is in use by another program"),
                format_args!("find it with ss -ltnup 'sport = :{}', stop it or choose another port", address.port),
            ),
        },
        BindError::NotPermitted { .. } => Finding::fail(
            format_args!("we may not listen on {address}"),
            "give the service CAP_NET_BIND_SERVICE, or choose a port above 1023",
        ),
        BindError::Lookup { .. } | BindError::WrongScheme { .. } | BindError::Failed { .. } => {
            Finding::fail(error, "name an address of this machine; `ip address` lists them")
        }
    }
}

/// Whether a process has a socket that is bound to `port`; `None` when the system does not let us see (`proc(5)`).
fn has_port(pid: u32, port: u16) -> Option<bool> {
    let inodes: Vec<String> = ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(Path::new("/proc/net").join(table)).ok())
        .flat_map(|table| table.lines().skip(1).filter_map(|row| inode_at(row, port)).collect::<Vec<_>>())
        .collect();
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let mut links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    Some(links.any(|link| inodes.iter().any(|inode| link.as_os_str() == format!("socket:[{inode}]").as_str())))
}

/// The inode of a socket in a row of `/proc/net/tcp`, if it is bound to `port` and not connected.
fn inode_at(row: &str, port: u16) -> Option<String> {
    // sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode.
    let fields: Vec<_> = row.split_whitespace().collect();
    let local = u16::from_str_radix(fields.get(1)?.rsplit_once(':')?.1, 16).ok()?;
    let is_listening = fields.get(2)?.rsplit_once(':')?.1 == "0000";
    (local == port && is_listening).then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_kernel_s_table_tells_who_listens() {
        let row = "   0: 0100007F:FF98 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0";
        assert_eq!(inode_at(row, 65432).as_deref(), Some("4711"));
        assert_eq!(inode_at(row, 65433), None);
        let connected = row.replace("00000000:0000 0A", "0100007F:1234 01");
        assert_eq!(inode_at(&connected, 65432), None);
        assert_eq!(inode_at("", 1), None);
    }

    #[test]
    fn a_port_that_this_process_has_is_known_as_ours() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        assert_eq!(has_port(std::process::id(), port), Some(true));
        let address: Address = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        let taken = BindError::InUse { address: address.clone() };
        assert_eq!(judge(&address, &taken, Some(std::process::id())).level, Level::Ok);
        assert_eq!(judge(&address, &taken, None).level, Level::Fail);
    }
}
