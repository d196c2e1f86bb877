-- Version 4: segments that somebody defined, and when each customer was in them (src/store/segments.c). at: when it was defined.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    rule TEXT NOT NULL,
    at INTEGER NOT NULL
);
-- data = the times at which the customer comes in and goes out by turns, those to come included.
CREATE TABLE segment_times (
    person INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (person, segment)
) WITHOUT ROWID;
-- Customers whose times are to be found out again: whoever writes a profile marks him, in the same transaction.
CREATE TABLE segment_dirty (person INTEGER PRIMARY KEY);
CREATE TRIGGER segment_touched AFTER INSERT ON profile WHEN EXISTS (SELECT 1 FROM segment)
BEGIN
    INSERT OR IGNORE INTO segment_dirty VALUES (new.key);
END;
CREATE TRIGGER segment_gone AFTER DELETE ON profile
BEGIN
    DELETE FROM segment_times WHERE person = old.key;
    DELETE FROM segment_dirty WHERE person = old.key;
END;
