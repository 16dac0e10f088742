-- Only queries need it, and what is searched need not be found before the tables are full: made over all rows at once it
-- takes a fraction of what it takes to keep it from the first row on.
CREATE INDEX IF NOT EXISTS message_search ON message USING gin (search);
