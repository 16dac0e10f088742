-- The log: all services read it, commands append to it, nobody changes it. The query side may append only the records
-- of audit reads, identified by their stream. An append moves the head.
REVOKE ALL ON ALL TABLES IN SCHEMA log FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA log TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA log TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT ON log.events, log.receipts TO {role}_append, {role}_read;
GRANT UPDATE (position) ON log.head TO {role}_append, {role}_read;

ALTER TABLE log.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.receipts ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS reading ON log.events;
CREATE POLICY reading ON log.events FOR SELECT USING (true);
DROP POLICY IF EXISTS reading ON log.receipts;
CREATE POLICY reading ON log.receipts FOR SELECT USING (true);
DROP POLICY IF EXISTS appending ON log.events;
CREATE POLICY appending ON log.events FOR INSERT TO {role}_append WITH CHECK (true);
DROP POLICY IF EXISTS appending ON log.receipts;
CREATE POLICY appending ON log.receipts FOR INSERT TO {role}_append WITH CHECK (true);
DROP POLICY IF EXISTS looking ON log.events;
CREATE POLICY looking ON log.events FOR INSERT TO {role}_read WITH CHECK (starts_with(stream, 'audit-'));
