-- The broker's tables, first shape. One text for SQLite and PostgreSQL: TEXT, BIGINT and BYTEA only,
-- instants as UTC seconds, truth values as 0/1, structures as JSON text.

-- Governed rows (architecture D16): append-only versions; `body` is canonical JSON, `digest` its SHA-256 (hex).
-- state: pending (no event known yet), sealed (its event is in the log at origin/ix with hash leaf).
CREATE TABLE governed (
    kind        TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    live        BIGINT NOT NULL,
    person      TEXT,
    dataset     TEXT,
    body        TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    origin      TEXT   NOT NULL,
    ix          BIGINT,
    leaf        TEXT,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (kind, id, version)
);
CREATE UNIQUE INDEX governed_digest ON governed (digest);
CREATE INDEX governed_person ON governed (person);
CREATE INDEX governed_dataset ON governed (dataset);
CREATE INDEX governed_state ON governed (state, origin);

CREATE TABLE people (
    id            TEXT   PRIMARY KEY,
    created_at    BIGINT NOT NULL,
    suspended_at  BIGINT,
    erased_at     BIGINT,
    facts_changed BIGINT NOT NULL
);

CREATE TABLE identities (
    iss           TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    person        TEXT   NOT NULL REFERENCES people (id),
    unique_ids    BIGINT NOT NULL,
    first_seen    BIGINT NOT NULL,
    last_login    BIGINT NOT NULL,
    unlinked_at   BIGINT,
    PRIMARY KEY (iss, sub)
);
CREATE INDEX identities_person ON identities (person);

-- What an upstream provider (or an administrator) asserted of a person: affiliations, assurance, terms, status.
CREATE TABLE facts (
    person        TEXT   NOT NULL REFERENCES people (id),
    kind          TEXT   NOT NULL,
    value         TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    asserted_by   TEXT   NOT NULL,
    iss           TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    asserted_at   BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    PRIMARY KEY (person, kind, value, source, iss, sub)
);

CREATE TABLE sessions (
    digest        TEXT   PRIMARY KEY,
    sid           TEXT   NOT NULL UNIQUE,
    person        TEXT   NOT NULL REFERENCES people (id),
    iss           TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    acr           TEXT,
    amr           TEXT   NOT NULL,
    assurance     BIGINT NOT NULL,
    auth_time     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_seen     BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    ended_at      BIGINT
);
CREATE INDEX sessions_person ON sessions (person);

-- What is used once: codes, pending logins, state, `jti`s of assertions. The digest of the secret is the key.
CREATE TABLE once (
    kind          TEXT   NOT NULL,
    digest        TEXT   NOT NULL,
    data          TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    PRIMARY KEY (kind, digest)
);
CREATE INDEX once_expires ON once (expires_at);

CREATE TABLE families (
    id            TEXT   PRIMARY KEY,
    person        TEXT   NOT NULL,
    client        TEXT   NOT NULL,
    sid           TEXT,
    code          TEXT,
    scope         TEXT   NOT NULL,
    audience      TEXT   NOT NULL,
    login         TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);
CREATE INDEX families_person ON families (person);
CREATE INDEX families_sid ON families (sid);
CREATE INDEX families_code ON families (code);

CREATE TABLE refresh_tokens (
    digest        TEXT   PRIMARY KEY,
    family        TEXT   NOT NULL REFERENCES families (id),
    issued_at     BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE access_tokens (
    jti           TEXT   PRIMARY KEY,
    family        TEXT,
    person        TEXT   NOT NULL,
    client        TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);
CREATE INDEX access_tokens_family ON access_tokens (family);
CREATE INDEX access_tokens_person ON access_tokens (person);

CREATE TABLE client_keys (
    thumbprint    TEXT   PRIMARY KEY,
    client        TEXT   NOT NULL,
    person        TEXT   NOT NULL REFERENCES people (id),
    jwk           TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);
CREATE INDEX client_keys_client ON client_keys (client, person);

CREATE TABLE consents (
    person        TEXT   NOT NULL REFERENCES people (id),
    client        TEXT   NOT NULL,
    scope         TEXT   NOT NULL,
    given_at      BIGINT NOT NULL,
    PRIMARY KEY (person, client)
);

-- Visas of other issuers, as received; and the visas that we signed, by `jti`.
CREATE TABLE collected_visas (
    digest        TEXT   PRIMARY KEY,
    person        TEXT   NOT NULL REFERENCES people (id),
    iss           TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    visa          TEXT   NOT NULL,
    collected_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX collected_visas_person ON collected_visas (person);

CREATE TABLE issued_visas (
    jti           TEXT   PRIMARY KEY,
    person        TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    value         TEXT   NOT NULL,
    grant_id      TEXT,
    issued_at     BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT
);
CREATE INDEX issued_visas_grant ON issued_visas (grant_id);

CREATE TABLE signing_keys (
    kid           TEXT   PRIMARY KEY,
    purpose       TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    public_jwk    TEXT   NOT NULL,
    sealed        TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    not_after     BIGINT
);
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (purpose) WHERE state = 'current';

CREATE TABLE throttles (
    name          TEXT   NOT NULL,
    subject       TEXT   NOT NULL,
    since         BIGINT NOT NULL,
    hits          BIGINT NOT NULL,
    PRIMARY KEY (name, subject)
);

CREATE TABLE counters (
    name          TEXT   PRIMARY KEY,
    value         BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('snapshot.version', 0);
