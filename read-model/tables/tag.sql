-- Tags of teams' tasks.
CREATE TABLE read.tag (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    name text NOT NULL
);
CREATE INDEX tag_team ON read.tag (team);
