//! Which file a peer's datagrams go to.

use super::Target;
use super::sink::Sink;
use super::writer::FileId;
use helio_core::limits;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

/// The shared file, or one a peer: the most recent ones open, the others closed until their peer speaks again.
pub(super) struct PeerFiles {
    sink: Arc<Sink>,
    target: Target,
    /// By name: the file, and when it was used last.
    open: BTreeMap<String, (FileId, u64)>,
    /// All names of this run.
    known: BTreeSet<String>,
    uses: u64,
}

impl PeerFiles {
    pub(super) fn new(sink: Arc<Sink>, target: Target) -> Self {
        Self { sink, target, open: BTreeMap::new(), known: BTreeSet::new(), uses: 0 }
    }

    /// The file for `peer`; `None` when [`limits::LOG_UDP_FILES`] others came first.
    pub(super) fn of(&mut self, peer: SocketAddr) -> Option<FileId> {
        if self.target.is_shared() {
            return Some(FileId::SHARED);
        }
        self.uses += 1;
        let name = self.target.name.resolve(peer, None);
        if let Some((file, used)) = self.open.get_mut(&name) {
            *used = self.uses;
            return Some(*file);
        }
        if !self.known.contains(&name) {
            if self.known.len() >= limits::LOG_UDP_FILES {
                return None;
            }
            self.known.insert(name.clone());
        }
        if self.open.len() >= limits::LOG_UDP_OPEN_FILES {
            self.close_idlest();
        }
        let file = self.sink.open(self.target.directory.join(&name));
        self.open.insert(name, (file, self.uses));
        Some(file)
    }

    fn close_idlest(&mut self) {
        let idlest = self.open.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| name.clone());
        if let Some((file, _)) = idlest.and_then(|name| self.open.remove(&name)) {
            self.sink.end(file);
        }
    }
}

impl Drop for PeerFiles {
    fn drop(&mut self) {
        for (file, _) in self.open.values() {
            self.sink.end(*file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::Message;
    use super::*;
    use std::path::Path;
    use std::sync::mpsc::{Receiver, channel};

    fn peer(n: usize) -> SocketAddr {
        SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 5000))
    }

    fn files(to: &str) -> (PeerFiles, Receiver<Message>) {
        let (messages, received) = channel();
        let sink = Arc::new(Sink::new(messages));
        (PeerFiles::new(sink, Target::parse(Path::new(to)).unwrap()), received)
    }

    #[test]
    fn without_placeholders_all_share_one_file() {
        let (mut files, messages) = files("log.txt");
        assert_eq!((files.of(peer(1)), files.of(peer(2))), (Some(FileId::SHARED), Some(FileId::SHARED)));
        assert!(messages.try_recv().is_err());
    }

    #[test]
    fn with_a_number_alone_datagrams_share_one_file() {
        let (mut files, _messages) = files("{n}.bin");
        assert_eq!(files.of(peer(1)), files.of(peer(2)));
    }

    /// The bound [`limits::LOG_UDP_OPEN_FILES`].
    #[test]
    fn the_idlest_file_is_closed_for_a_new_peer_and_opened_again() {
        let (mut files, messages) = files("{peer}.bin");
        let first: Vec<_> = (0..limits::LOG_UDP_OPEN_FILES).map(|n| files.of(peer(n)).unwrap()).collect();
        assert_eq!(files.of(peer(0)), Some(first[0]));
        files.of(peer(limits::LOG_UDP_OPEN_FILES)).unwrap();
        let ended: Vec<FileId> = messages
            .try_iter()
            .filter_map(|message| if let Message::End { file } = message { Some(file) } else { None })
            .collect();
        assert_eq!(ended, [first[1]]);
        assert_ne!(files.of(peer(1)), Some(first[1]));
    }

    /// The bound [`limits::LOG_UDP_FILES`].
    #[test]
    fn forged_peers_cannot_make_files_without_end() {
        let (mut files, _messages) = files("{peer}.bin");
        for n in 0..limits::LOG_UDP_FILES {
            assert!(files.of(peer(n)).is_some());
        }
        assert_eq!(files.of(peer(limits::LOG_UDP_FILES)), None);
        assert!(files.of(peer(0)).is_some(), "known peers go on");
    }
}
