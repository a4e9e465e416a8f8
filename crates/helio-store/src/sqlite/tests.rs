//! What only SQLite promises: the directory, the schema, the bytes on the disk.

mod directory;
