-- What services remember beside the log. The projection plans and carries out effects; each other service writes only what it
-- remembers itself, and commands forget whoever is erased.
REVOKE ALL ON ALL TABLES IN SCHEMA ops FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA ops TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT, UPDATE, DELETE ON ops.answer TO {role}_append;
GRANT DELETE ON ops.last_seen, ops.withdrawn, ops.effect TO {role}_append;
GRANT INSERT, UPDATE ON ops.last_seen, ops.confirmed TO {role}_live;
-- Whoever lets a session in notes that it is used; commands forget those that are over.
GRANT INSERT, UPDATE ON ops.session_seen TO {role}_append, {role}_read, {role}_live;
GRANT DELETE ON ops.session_seen TO {role}_append;
GRANT INSERT, UPDATE, DELETE ON ops.effect, ops.effect_checkpoint, ops.webhook_pause, ops.withdrawn, ops.rebuild
    TO {role}_project;
GRANT DELETE ON ops.answer, ops.confirmed TO {role}_project;

-- To whom a schema belongs that is made later, by whichever of us makes it: the past is a query's, all else the projection's.
CREATE OR REPLACE FUNCTION ops.maker_of(schema text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN schema LIKE 'past\_%' THEN '{role}_read' ELSE '{role}_project' END $$;

-- Lets the services read it; called by its maker.
CREATE OR REPLACE FUNCTION ops.admit(schema text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}_append, {role}_read, {role}_live, {role}_project', schema);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO {role}_append, {role}_read, {role}_live, {role}_project', schema);
END $$;
