-- When sessions were last used, noted seldom: beside the log, since it changes nothing but how long they last.
CREATE TABLE ops.session_seen (
    session uuid PRIMARY KEY,
    account uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX session_seen_account ON ops.session_seen (account);
