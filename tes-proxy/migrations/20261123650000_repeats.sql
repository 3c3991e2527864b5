-- Requests that name themselves (Idempotency-Key), by owner: the same one again is the same task or run. Kept for 24 hours.
CREATE TABLE repeats (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    request TEXT NOT NULL,
    work TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE INDEX repeats_at ON repeats (at);
