//! Connections that have not got as far as the chat service: in a TLS handshake, or before their upgrade to a WebSocket.
//! The service counts connections when they reach it, with the same bounds; these would escape it.

use crate::ops::{Counted, Ops};
use helio_core::chat::{Connections, Places};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All handshakes of the service. Copies are the same.
#[derive(Clone, Debug)]
pub(super) struct Handshakes {
    places: Arc<Mutex<ByPlace>>,
    ops: Arc<Ops>,
}

#[derive(Debug)]
struct ByPlace {
    places: Places,
    bounds: Connections,
}

/// A handshake that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    all: Handshakes,
    address: IpAddr,
    _counted: Counted,
}

impl Handshakes {
    pub(super) fn new(bounds: Connections, ops: Arc<Ops>) -> Self {
        Self { places: Arc::new(Mutex::new(ByPlace { places: Places::default(), bounds })), ops }
    }

    /// These bounds hold from now on.
    pub(super) fn set_bounds(&self, bounds: Connections) {
        self.lock().bounds = bounds;
    }

    /// Counts one from `address`, or says what is too many.
    pub(super) fn begin(&self, address: IpAddr) -> Result<Handshake, String> {
        let ByPlace { places, bounds } = &mut *self.lock();
        places.take(address, bounds)?;
        Ok(Handshake { all: self.clone(), address, _counted: Counted::handshake(&self.ops) })
    }

    fn lock(&self) -> MutexGuard<'_, ByPlace> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.all.lock().places.give_back(self.address);
    }
}
