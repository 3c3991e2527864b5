-- Notices to clients that a session has ended: written with its end, tried until they are taken or given up.
CREATE TABLE logout_notices (
    id          TEXT   PRIMARY KEY,
    client      TEXT   NOT NULL,
    uri         TEXT   NOT NULL,
    sid         TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    done_at     BIGINT
);
CREATE INDEX logout_notices_due ON logout_notices (next_at) WHERE done_at IS NULL;
