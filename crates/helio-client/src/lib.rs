//! helio-client
