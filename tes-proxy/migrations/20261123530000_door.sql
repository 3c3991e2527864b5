-- What binds a task's capability while it is used: its first network, how much it delivered, why it was ended.
CREATE TABLE pins (
    id TEXT NOT NULL PRIMARY KEY,
    network TEXT NOT NULL,
    used BIGINT NOT NULL,
    ended TEXT,
    until BIGINT NOT NULL
);
CREATE INDEX pins_until ON pins (until);

-- The workflow session whose token sent a task.
ALTER TABLE works ADD COLUMN session TEXT;
CREATE INDEX works_by_session ON works (session, phase);

-- What sessions wrote through the storage door: where it lies, and which datasets it comes from.
CREATE TABLE door_objects (
    session TEXT NOT NULL,
    bucket TEXT NOT NULL,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    size BIGINT NOT NULL,
    etag TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    datasets TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (session, bucket, name)
);

-- Uploads in parts that are under way.
CREATE TABLE door_uploads (
    id TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL,
    bucket TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE door_parts (
    upload TEXT NOT NULL,
    number BIGINT NOT NULL,
    file TEXT NOT NULL,
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    PRIMARY KEY (upload, number)
);
