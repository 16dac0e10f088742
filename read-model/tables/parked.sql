-- Streams of which an event could not be read or applied: it and those behind it wait for an operator's word.
CREATE TABLE parked (
    stream text PRIMARY KEY COLLATE "C",
    event uuid NOT NULL,
    position bigint NOT NULL, -- of that event
    revision bigint NOT NULL,
    kind text NOT NULL,
    error text NOT NULL, -- never with personal values
    waiting bigint NOT NULL DEFAULT 0, -- events behind it
    since timestamptz NOT NULL DEFAULT now()
);
