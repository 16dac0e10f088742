-- Sections that contacts, groups and tasks are sorted into.
CREATE TABLE section (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    kind text NOT NULL, -- direct: of contacts | group | task
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    sort_ordering integer NOT NULL,
    gentime bigint NOT NULL
);
CREATE INDEX section_team ON section (team);
