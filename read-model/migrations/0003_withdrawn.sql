-- Texts of messages that their authors have deleted, sealed, until they expire: for the authors' own sockets.
CREATE TABLE ops.withdrawn (
    message uuid PRIMARY KEY,
    text text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX withdrawn_at ON ops.withdrawn (at);
