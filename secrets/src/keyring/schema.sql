-- Data keys, wrapped by a wrapping key or the master key. Kept apart from the log: an erased subject is a row without its key.
CREATE SCHEMA IF NOT EXISTS keys;

CREATE TABLE IF NOT EXISTS keys.data_keys (
    subject      text PRIMARY KEY,
    wrapped      text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CONSTRAINT live_or_destroyed CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

COMMENT ON COLUMN keys.data_keys.wrapped IS 'null once the subject was erased';

-- Processes that remember keys ask what was destroyed lately.
CREATE INDEX IF NOT EXISTS data_keys_destroyed ON keys.data_keys (destroyed_at) WHERE destroyed_at IS NOT NULL;
