-- The durable truth of the realtime half: what each scope was told, without holes.
CREATE TABLE read.feed (
    scope uuid NOT NULL,
    seq bigint NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    notice bytea NOT NULL, -- a protocol::notice::FeedRow as JSON; its `seq` is the column
    PRIMARY KEY (scope, seq)
);
CREATE INDEX feed_position ON read.feed (position);

CREATE TABLE read.feed_scope (
    scope uuid PRIMARY KEY,
    seq bigint NOT NULL
);
