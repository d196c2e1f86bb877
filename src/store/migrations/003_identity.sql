-- Version 3: decisions about who belongs together. kind: 1 joins two persons, 2 parts ids. An undone decision stays in the journal.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    weight REAL NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
-- The pairs of ids that a decision joins or parts; a < b as signed.
CREATE TABLE decided (decision INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (decision, a, b)) WITHOUT ROWID;
CREATE INDEX decided_pair ON decided (a, b);
