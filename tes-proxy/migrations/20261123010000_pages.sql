-- Explanations and denials as they were told, for `visum explain DECISION`; kept for 90 days.
CREATE TABLE pages (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    at BIGINT NOT NULL,
    page TEXT NOT NULL
);
CREATE INDEX pages_at ON pages (at);
