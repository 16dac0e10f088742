-- Invitations to teams that are not void; they may have expired or been used up.
CREATE TABLE invitation (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    token_hash text NOT NULL UNIQUE,
    token_sealed text NOT NULL,
    maker uuid, -- unknown of those of earlier versions
    expires timestamptz NOT NULL,
    max_uses integer, -- NULL: any number
    uses integer NOT NULL DEFAULT 0,
    created timestamptz NOT NULL,
    since bigint NOT NULL
);
CREATE INDEX invitation_team ON invitation (team, since);
