-- A store as schema version 1 writes it: a trimmed log with an erased record, a log of one record, a table.
PRAGMA application_id = 1212501071;
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    first INTEGER NOT NULL,
    next INTEGER NOT NULL
) STRICT;
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    position INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE place (
    log INTEGER NOT NULL REFERENCES log (id),
    position INTEGER NOT NULL,
    record INTEGER,
    PRIMARY KEY (log, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    tbl TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (tbl, key)
) STRICT;
CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO counter (name, value) VALUES ('version', 7), ('dead_bytes', 40), ('cleaned_to', 0);
INSERT INTO log (id, name, first, next) VALUES (1, 'room/#lobby', 2, 5), (2, 'settings', 1, 2);
INSERT INTO record (id, log, position, bytes) VALUES
    (1, 1, 1, x'000000'),
    (2, 2, 1, x'746f706963'),
    (3, 1, 2, x'74776f'),
    (4, 1, 3, x'0000000000'),
    (5, 1, 4, x'00ff');
INSERT INTO place (log, position, record) VALUES (1, 2, 3), (1, 3, NULL), (1, 4, 5), (2, 1, 2);
INSERT INTO entry (id, tbl, key, version, value) VALUES (1, 'accounts', 'ada', 7, x'68617368');
PRAGMA user_version = 1;
