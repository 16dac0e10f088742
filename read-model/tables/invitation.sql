-- Open invitations to teams.
CREATE TABLE invitation (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    token_hash text NOT NULL UNIQUE,
    token_sealed text NOT NULL,
    created timestamptz NOT NULL,
    since bigint NOT NULL
);
CREATE INDEX invitation_team ON invitation (team, since);
