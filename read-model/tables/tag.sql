-- Tags of teams' tasks.
CREATE TABLE tag (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    name text NOT NULL
);
CREATE INDEX tag_team ON tag (team);
