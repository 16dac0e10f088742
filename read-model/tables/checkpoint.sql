-- How far the projection has come; one row, written in the transaction that changed the rows.
CREATE TABLE checkpoint (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0,
    -- Accounts and teams made so far: the next one's colour (`docs/acceptance.md`, item 70).
    coloured bigint NOT NULL DEFAULT 0
);
INSERT INTO checkpoint DEFAULT VALUES;
