//! Storage: ordered logs and small tables, in memory or in SQLite.
