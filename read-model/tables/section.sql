-- Sections that contacts are sorted into.
CREATE TABLE section (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    sort_ordering integer NOT NULL,
    gentime bigint NOT NULL
);
CREATE INDEX section_team ON section (team);
