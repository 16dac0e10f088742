-- Ids of messages are the team's. Texts that are kept already come again: the projection starts over with the tables of this
-- version, and keeps the texts of the last day anew.
DELETE FROM ops.withdrawn;
ALTER TABLE ops.withdrawn ADD COLUMN team uuid NOT NULL, DROP CONSTRAINT withdrawn_pkey, ADD PRIMARY KEY (message, team);
