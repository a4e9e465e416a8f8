//! What is asked of the keeper's thread.

use super::catching;
use crate::service::chat::keeper::{Look, Request};
use helio_store::search::Document;
use helio_store::{Log, LogName, Position, StoreError};
use std::ops::Range;
use std::sync::mpsc::{Sender, sync_channel};

/// Why work on the index was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keeper is gone, and with it the service.
    #[error("the store is gone")]
    Gone,
}

/// All documents of a part of a log, as it is now.
pub(super) fn reread(
    keeper: &Sender<Request>,
    log: &LogName,
    mut range: Range<Position>,
) -> Result<Vec<Document>, StoreError> {
    let mut documents = Vec::new();
    while range.start < range.end {
        let (name, rest) = (log.clone(), range.clone());
        let slice = match look(keeper, move |store| catching::slice(store, &name, rest)) {
            Ok(slice) => slice,
            Err(Trouble::Store(error)) => return Err(error),
            Err(Trouble::Gone) => return Err(gone()),
        };
        if slice.range.is_empty() {
            break;
        }
        documents.extend(slice.documents());
        range.start = slice.range.end;
    }
    Ok(documents)
}

fn gone() -> StoreError {
    StoreError::Io { doing: "read", path: "store".into(), detail: "the thread that keeps it is gone".to_owned() }
}

/// Has the keeper look at the store.
pub(super) fn look<T: Send + 'static>(
    keeper: &Sender<Request>,
    work: impl FnOnce(&dyn Log) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Trouble> {
    let (answer, comes) = sync_channel(1);
    let look = Look(Box::new(move |store| _ = answer.send(work(store))));
    keeper.send(Request::Look(look)).map_err(|_| Trouble::Gone)?;
    Ok(comes.recv().map_err(|_| Trouble::Gone)??)
}
