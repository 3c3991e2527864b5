-- Logins at another device (RFC 8628): codes by digest; what the person allowed once they did.
CREATE TABLE devices (
    digest      TEXT   PRIMARY KEY,
    user_code   TEXT   NOT NULL,
    client      TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    audience    TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    allowed     TEXT,
    polled_at   BIGINT,
    pace        BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX devices_user_code ON devices (user_code);
