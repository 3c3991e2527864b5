-- One next signing key of a use, too: two replicas that make one at once keep the first.
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (purpose) WHERE state = 'next';

-- What a family of tokens is narrowed to (RFC 9396), and the key that its tokens are bound to (RFC 9449).
ALTER TABLE families ADD COLUMN details TEXT;
ALTER TABLE families ADD COLUMN jkt TEXT;
