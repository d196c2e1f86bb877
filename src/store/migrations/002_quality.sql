-- Version 2: what was wrong with a file (for the quality section of the report), and mappings that are remembered by header.
CREATE TABLE reject (import INTEGER NOT NULL, row INTEGER NOT NULL, column_name TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX reject_import ON reject (import);
CREATE TABLE mapping (header INTEGER PRIMARY KEY, map TEXT NOT NULL);
