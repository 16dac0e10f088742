-- Persons and teams that are to be forgotten, and those that are.
CREATE TABLE erasure (
    subject text PRIMARY KEY, -- an events::Subject
    receipt uuid NOT NULL,
    files bigint NOT NULL DEFAULT 0, -- removed so far
    purged boolean NOT NULL DEFAULT false
);
CREATE INDEX erasure_due ON erasure (subject) WHERE NOT purged;
