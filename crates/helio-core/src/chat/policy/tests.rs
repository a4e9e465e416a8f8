//! Role × action.
