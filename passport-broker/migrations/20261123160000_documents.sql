-- Files of applications, in parts, each a JWE under a key of its own. The application's row has their facts and digests.
-- `keep_until`: when a file is deleted, once its application is over.
CREATE TABLE documents (
    application TEXT   NOT NULL,
    document    TEXT   NOT NULL,
    part        BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    keep_until  BIGINT,
    PRIMARY KEY (application, document, part)
);
CREATE INDEX documents_keep ON documents (keep_until);
