//! helio-net
