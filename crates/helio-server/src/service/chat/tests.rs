//! The service on real sockets, with a store in memory.
