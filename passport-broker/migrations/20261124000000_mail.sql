-- Mail that waits, until it was taken or given up: to whom and about which page, never what is on it. And the address
-- that each person's institution verified at the last sign-in, sealed, kept only while this node sends mail.
CREATE TABLE mails (
    id            TEXT   PRIMARY KEY,
    person        TEXT   NOT NULL,
    place         TEXT   NOT NULL,
    tries         BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    next_at       BIGINT NOT NULL,
    done_at       BIGINT
);
CREATE UNIQUE INDEX mails_waiting ON mails (person, place) WHERE done_at IS NULL;
CREATE INDEX mails_due ON mails (next_at) WHERE done_at IS NULL;

CREATE TABLE mail_addresses (
    person        TEXT   PRIMARY KEY,
    sealed        TEXT   NOT NULL,
    at            BIGINT NOT NULL
);
