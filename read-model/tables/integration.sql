-- Programs that post into groups and hear of new messages.
CREATE TABLE integration (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    kind text NOT NULL,
    key_hash text NOT NULL UNIQUE,
    key_sealed text NOT NULL,
    comment text NOT NULL,
    enabled boolean NOT NULL,
    chat uuid NOT NULL,
    maker uuid, -- the contact that placed it
    webhook_url text NOT NULL,
    created timestamptz NOT NULL,
    since bigint NOT NULL
);
CREATE INDEX integration_team ON integration (team, since);
CREATE INDEX integration_chat ON integration (chat) WHERE enabled AND webhook_url <> '';
