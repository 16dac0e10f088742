-- The durable truth of the realtime half: what each scope was told, without holes.
CREATE TABLE feed (
    scope uuid NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    notice bytea NOT NULL, -- a protocol::notice::FeedRow as JSON
    PRIMARY KEY (scope, position, ordinal)
);
CREATE INDEX feed_position ON feed (position, ordinal);

-- Rows up to here were forgotten, or never written, since nobody could have asked for them.
CREATE TABLE feed_floor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0
);
INSERT INTO feed_floor DEFAULT VALUES;

-- Who heard a group from which notice to which: what somebody who was away may be told of it.
CREATE TABLE feed_member (
    chat uuid NOT NULL,
    contact uuid NOT NULL,
    since_position bigint NOT NULL,
    since_ordinal integer NOT NULL,
    until_position bigint, -- NULL: still
    until_ordinal integer
);
CREATE UNIQUE INDEX feed_member_still ON feed_member (chat, contact) WHERE until_position IS NULL;
CREATE INDEX feed_member_contact ON feed_member (contact);
CREATE INDEX feed_member_until ON feed_member (until_position) WHERE until_position IS NOT NULL;
