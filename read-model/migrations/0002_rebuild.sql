-- Up to where the last rebuild of the read model goes. Until the checkpoint is there, rows are missing that clients have
-- seen, and nobody may be told that they do not exist.
CREATE TABLE ops.rebuild (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    until bigint NOT NULL DEFAULT 0
);
INSERT INTO ops.rebuild DEFAULT VALUES;
