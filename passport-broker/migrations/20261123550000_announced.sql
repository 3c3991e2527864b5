-- What was announced to end, to whom: once for each end and stage. And what webhooks are told, until it was taken or
-- given up.
CREATE TABLE announced (
    person        TEXT   NOT NULL,
    what          TEXT   NOT NULL,
    ends_at       BIGINT NOT NULL,
    stage         TEXT   NOT NULL,
    at            BIGINT NOT NULL,
    PRIMARY KEY (person, what, ends_at, stage)
);
CREATE INDEX announced_ends ON announced (ends_at);

CREATE TABLE webhook_calls (
    id            TEXT   PRIMARY KEY,
    webhook       TEXT   NOT NULL,
    body          TEXT   NOT NULL,
    tries         BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    done_at       BIGINT
);
CREATE INDEX webhook_calls_due ON webhook_calls (next_at) WHERE done_at IS NULL;

-- Where visas of a person come from, and how it went: asked by one replica at a time.
CREATE TABLE collections (
    person        TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    wanted_at     BIGINT NOT NULL,
    asked_at      BIGINT NOT NULL,
    answered_at   BIGINT,
    failed_since  BIGINT,
    why           TEXT,
    PRIMARY KEY (person, source, sub)
);
CREATE INDEX collections_asked ON collections (asked_at);

-- What opens a person's UserInfo at a login provider, sealed, for as long as the provider said.
CREATE TABLE upstream_tokens (
    iss           TEXT   NOT NULL,
    sub           TEXT   NOT NULL,
    person        TEXT   NOT NULL,
    sealed        TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    PRIMARY KEY (iss, sub)
);
