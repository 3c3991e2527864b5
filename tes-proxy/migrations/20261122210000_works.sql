-- Tasks and runs of this gate: who owns them, what they may read, on which decision.
CREATE TABLE works (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    backend TEXT NOT NULL,
    backend_id TEXT,
    owner TEXT NOT NULL,
    service TEXT NOT NULL,
    phase TEXT NOT NULL,
    state TEXT NOT NULL,
    withdrawn TEXT,
    decision TEXT NOT NULL,
    datasets TEXT NOT NULL,
    objects TEXT NOT NULL,
    basis TEXT NOT NULL,
    name TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX works_by_owner ON works (owner, kind, seq);
CREATE INDEX works_live ON works (phase);
CREATE UNIQUE INDEX works_by_backend ON works (backend, backend_id);
