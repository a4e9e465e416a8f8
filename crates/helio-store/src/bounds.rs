//! The bounds that every back end checks before it writes.

use crate::{Append, TooLarge};
use helio_core::limits::{STORE_BATCH_BYTES, STORE_BATCH_RECORDS, STORE_RECORD_BYTES, STORE_VALUE_BYTES};

pub(crate) fn check_batch(batch: &[Append<'_>]) -> Result<(), TooLarge> {
    if batch.len() > STORE_BATCH_RECORDS {
        return Err(TooLarge::BatchRecords { records: batch.len(), limit: STORE_BATCH_RECORDS });
    }
    let size = |append: &Append<'_>| append.bytes.len();
    if let Some(index) = batch.iter().position(|append| size(append) > STORE_RECORD_BYTES) {
        return Err(TooLarge::Record { index, bytes: size(&batch[index]), limit: STORE_RECORD_BYTES });
    }
    let bytes = batch.iter().map(size).sum();
    if bytes > STORE_BATCH_BYTES {
        return Err(TooLarge::BatchBytes { bytes, limit: STORE_BATCH_BYTES });
    }
    Ok(())
}

pub(crate) fn check_value(value: Option<&[u8]>) -> Result<(), TooLarge> {
    match value {
        Some(value) if value.len() > STORE_VALUE_BYTES => {
            Err(TooLarge::Value { bytes: value.len(), limit: STORE_VALUE_BYTES })
        }
        _ => Ok(()),
    }
}
