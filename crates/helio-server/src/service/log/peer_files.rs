//! Which file a peer's datagrams go to.

use super::Target;
use super::answers::Share;
use super::sink::{Full, Sink};
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
    open: BTreeMap<String, (PeerFile, u64)>,
    /// All names of this run.
    known: BTreeSet<String>,
    uses: u64,
}

/// Where a peer's datagrams go.
#[derive(Clone, Debug)]
pub(super) struct PeerFile {
    pub(super) id: FileId,
    /// Of the answers; `None` for the shared file, which may have them all.
    pub(super) share: Option<Share>,
}

/// Why a datagram has no file to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoFile {
    /// [`limits::LOG_UDP_FILES`] other peers came first.
    TooManyPeers,
    /// [`limits::LOG_UNOPENED_FILES`] files wait to be opened.
    TooManyUnopened,
}

impl PeerFiles {
    pub(super) fn new(sink: Arc<Sink>, target: Target) -> Self {
        Self { sink, target, open: BTreeMap::new(), known: BTreeSet::new(), uses: 0 }
    }

    /// The file for `peer`.
    pub(super) fn of(&mut self, peer: SocketAddr) -> Result<PeerFile, NoFile> {
        if self.target.is_shared() {
            return Ok(PeerFile { id: FileId::SHARED, share: None });
        }
        self.uses += 1;
        let name = self.target.name.resolve(peer, None);
        if let Some((file, used)) = self.open.get_mut(&name) {
            *used = self.uses;
            return Ok(file.clone());
        }
        if !self.known.contains(&name) && self.known.len() >= limits::LOG_UDP_FILES {
            return Err(NoFile::TooManyPeers);
        }
        let path = self.target.directory.join(&name);
        let id = self.sink.try_open(path).map_err(|Full| NoFile::TooManyUnopened)?;
        let share = self.target.name.tells_peers_apart().then(Share::default);
        let file = PeerFile { id, share };
        if self.open.len() >= limits::LOG_UDP_OPEN_FILES {
            self.close_idlest();
        }
        self.known.insert(name.clone());
        self.open.insert(name, (file.clone(), self.uses));
        Ok(file)
    }

    fn close_idlest(&mut self) {
        let idlest = self.open.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| name.clone());
        if let Some((file, _)) = idlest.and_then(|name| self.open.remove(&name)) {
            self.sink.end(file.id);
        }
    }
}

impl Drop for PeerFiles {
    fn drop(&mut self) {
        for (file, _) in self.open.values() {
            self.sink.end(file.id);
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

    fn id(files: &mut PeerFiles, n: usize) -> Result<FileId, NoFile> {
        files.of(peer(n)).map(|file| file.id)
    }

    /// All that waited is open, or was given up.
    fn opened(messages: &Receiver<Message>) {
        messages.try_iter().for_each(drop);
    }

    #[test]
    fn without_placeholders_all_share_one_file() {
        let (mut files, messages) = files("log.txt");
        assert_eq!((id(&mut files, 1), id(&mut files, 2)), (Ok(FileId::SHARED), Ok(FileId::SHARED)));
        assert!(messages.try_recv().is_err());
    }

    #[test]
    fn with_a_number_alone_datagrams_share_one_file() {
        let (mut files, _messages) = files("{n}.bin");
        assert_eq!(id(&mut files, 1), id(&mut files, 2));
    }

    /// The bound [`limits::LOG_UDP_OPEN_FILES`].
    #[test]
    fn the_idlest_file_is_closed_for_a_new_peer_and_opened_again() {
        let (mut files, messages) = files("{peer}.bin");
        let first: Vec<_> = (0..limits::LOG_UDP_OPEN_FILES).map(|n| id(&mut files, n).unwrap()).collect();
        assert_eq!(id(&mut files, 0), Ok(first[0]));
        files.of(peer(limits::LOG_UDP_OPEN_FILES)).unwrap();
        let ended: Vec<FileId> = messages
            .try_iter()
            .filter_map(|message| if let Message::End { file } = message { Some(file) } else { None })
            .collect();
        assert_eq!(ended, [first[1]]);
        assert_ne!(id(&mut files, 1), Ok(first[1]));
    }

    /// The bound [`limits::LOG_UDP_FILES`].
    #[test]
    fn forged_peers_cannot_make_files_without_end() {
        let (mut files, messages) = files("{peer}.bin");
        for n in 0..limits::LOG_UDP_FILES {
            assert!(files.of(peer(n)).is_ok());
            opened(&messages);
        }
        assert_eq!(id(&mut files, limits::LOG_UDP_FILES), Err(NoFile::TooManyPeers));
        assert!(files.of(peer(0)).is_ok(), "known peers go on");
    }

    /// The bound [`limits::LOG_UNOPENED_FILES`].
    #[test]
    fn a_peer_whose_file_may_not_wait_to_be_opened_gets_it_later() {
        let (mut files, messages) = files("{peer}.bin");
        for n in 0..limits::LOG_UNOPENED_FILES {
            assert!(files.of(peer(n)).is_ok());
        }
        assert_eq!(id(&mut files, limits::LOG_UNOPENED_FILES), Err(NoFile::TooManyUnopened));
        opened(&messages);
        assert!(id(&mut files, limits::LOG_UNOPENED_FILES).is_ok());
    }
}
