-- Version 1: events, identities, profiles, imports. Keys are 64-bit hashes (src/profile/id.h) as signed integers; times are
-- milliseconds since 1970 UTC.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One file read. state: 0 being read, 1 read to its end, 2 folded into profiles, 3 undone, 4 being undone.
CREATE TABLE import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    path TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    format TEXT NOT NULL DEFAULT '',
    encoding TEXT NOT NULL DEFAULT '',
    mapping TEXT NOT NULL DEFAULT '',
    fingerprint INTEGER NOT NULL DEFAULT 0,
    started INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    next_offset INTEGER NOT NULL DEFAULT 0,
    next_row INTEGER NOT NULL DEFAULT 0,
    rejects_bytes INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    repaired INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    texts INTEGER NOT NULL DEFAULT 0,
    guests INTEGER NOT NULL DEFAULT 0
);

-- Events that were read but not yet merged; part = the top byte of the id's key.
CREATE TABLE pending (part INTEGER NOT NULL, import INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX pending_part ON pending (part, import);

-- All events of one id, in order, compressed (src/profile/event_codec.c); last = time of the last one.
CREATE TABLE block (key INTEGER PRIMARY KEY, events INTEGER NOT NULL, last INTEGER NOT NULL, data BLOB NOT NULL);

CREATE TABLE id (key INTEGER PRIMARY KEY, type INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE edge (a INTEGER NOT NULL, b INTEGER NOT NULL, import INTEGER NOT NULL, PRIMARY KEY (a, b, import)) WITHOUT ROWID;
CREATE TABLE person (key INTEGER PRIMARY KEY, person INTEGER NOT NULL);
CREATE INDEX person_members ON person (person);
CREATE TABLE dirty (person INTEGER PRIMARY KEY);
CREATE TABLE profile (key INTEGER PRIMARY KEY, last INTEGER, data BLOB NOT NULL);
CREATE TABLE erased (person INTEGER PRIMARY KEY, at INTEGER NOT NULL);
