//! Connections that have not got as far as the chat service: in a TLS handshake, or before their upgrade to a WebSocket.
//! The service counts connections when they reach it, with the same bounds; these would escape it.

use helio_core::chat::{Connections, Places};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All handshakes of the service. Copies are the same.
#[derive(Clone, Debug)]
pub(super) struct Handshakes(Arc<Mutex<Counted>>);

#[derive(Debug)]
struct Counted {
    places: Places,
    bounds: Connections,
}

/// A handshake that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Handshake {
    all: Handshakes,
    address: IpAddr,
}

impl Handshakes {
    pub(super) fn new(bounds: Connections) -> Self {
        Self(Arc::new(Mutex::new(Counted { places: Places::default(), bounds })))
    }

    /// These bounds hold from now on.
    pub(super) fn set_bounds(&self, bounds: Connections) {
        self.lock().bounds = bounds;
    }

    /// Counts one from `address`, or says what is too many.
    pub(super) fn begin(&self, address: IpAddr) -> Result<Handshake, String> {
        let Counted { places, bounds } = &mut *self.lock();
        places.take(address, bounds)?;
        Ok(Handshake { all: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.all.lock().places.give_back(self.address);
    }
}
