//! helio-server
