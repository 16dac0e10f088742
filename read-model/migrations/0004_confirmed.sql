-- Up to where the clients of sessions have confirmed what sockets of a team told them.
CREATE TABLE ops.confirmed (
    session uuid NOT NULL,
    team uuid NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (session, team)
);
