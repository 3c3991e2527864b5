-- Purposes that people had judged for a dataset before they asked its committee (consent.md 3, "Counting").
-- `digest`: SHA-256 of the purpose's canonical JSON (hex), `purpose`: that JSON, `door`: where it was last tried.
CREATE TABLE purposes_tried (
    person      TEXT   NOT NULL,
    dataset     TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    purpose     TEXT   NOT NULL,
    door        TEXT   NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    times       BIGINT NOT NULL,
    PRIMARY KEY (person, dataset, digest)
);
CREATE INDEX purposes_tried_dataset ON purposes_tried (dataset, last_at);
