-- Bytes uploaded by team and month.
CREATE TABLE usage (
    team uuid NOT NULL,
    year integer NOT NULL,
    month integer NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (team, year, month)
);
