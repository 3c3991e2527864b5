-- What a person is told at the next sign-in: an identity was added to their account or taken off.
CREATE TABLE notices (
    id            TEXT   PRIMARY KEY,
    person        TEXT   NOT NULL REFERENCES people (id),
    at            BIGINT NOT NULL,
    words         TEXT   NOT NULL,
    seen_at       BIGINT
);
CREATE INDEX notices_person ON notices (person);
