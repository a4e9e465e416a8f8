//! What only SQLite promises: the directory, the schema, the bytes on the disk.

mod crash;
mod directory;
mod erased;
mod examine;
mod freeze;
mod power;
mod schema;
mod trouble;
