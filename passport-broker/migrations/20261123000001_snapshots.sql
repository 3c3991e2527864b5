-- Signed manifests of the snapshots that were in force, newest kept longest.
CREATE TABLE snapshots (
    version     BIGINT PRIMARY KEY,
    digest      TEXT   NOT NULL,
    manifest    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
