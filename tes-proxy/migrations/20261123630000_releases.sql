-- Outputs that somebody asked to have released: frozen files, what checks found, who said yes or no (`apis.md` 10.4).
CREATE TABLE releases (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    work TEXT NOT NULL,
    state TEXT NOT NULL,
    datasets TEXT NOT NULL,
    basis TEXT NOT NULL,
    files TEXT NOT NULL,
    reason TEXT NOT NULL,
    digest TEXT NOT NULL,
    decision TEXT NOT NULL,
    receipt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    answer TEXT
);
CREATE INDEX releases_by_owner ON releases (owner, seq);
CREATE INDEX releases_by_state ON releases (state, seq);

-- Each committee's yes: a release needs one for every dataset that its outputs come from.
CREATE TABLE release_votes (
    release TEXT NOT NULL,
    dataset TEXT NOT NULL,
    person TEXT NOT NULL,
    decision TEXT NOT NULL,
    receipt TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (release, dataset)
);
