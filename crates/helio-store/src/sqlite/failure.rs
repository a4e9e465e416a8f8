//! What SQLite says, in our words.

use crate::StoreError;
use rusqlite::{Error, ErrorCode};
use std::path::Path;

/// The error of a call that was `doing` something to the database at `path`.
pub(crate) fn failure(path: &Path, doing: &'static str, error: Error) -> StoreError {
    let (path, detail) = (path.to_owned(), error.to_string());
    let is_of_the_data = matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::QueryReturnedNoRows
    );
    if is_of_the_data {
        return StoreError::Corrupt { path, detail };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { path, detail },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { path, holder: None },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt { path, detail },
        Some(
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly,
        ) => StoreError::Io { doing, path, detail },
        _ => StoreError::Engine { path, detail },
    }
}
