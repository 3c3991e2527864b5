-- Files that governed rows name by digest (SHA-256, hex), base64 in parts.
CREATE TABLE blobs (
    digest      TEXT   NOT NULL,
    part        BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (digest, part)
);
