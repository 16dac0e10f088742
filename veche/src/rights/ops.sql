-- Operational data next to the log. The projection plans and carries out side effects; each other service writes its
-- own data, and commands delete the data of erased subjects.
REVOKE ALL ON ALL TABLES IN SCHEMA ops FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA ops TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT, UPDATE, DELETE ON ops.answer TO {role}_append;
GRANT DELETE ON ops.last_seen, ops.withdrawn, ops.effect TO {role}_append;
GRANT INSERT, UPDATE ON ops.last_seen, ops.confirmed TO {role}_live;
-- Every service that accepts sessions records their use; commands delete those of ended sessions.
GRANT INSERT, UPDATE ON ops.session_seen TO {role}_append, {role}_read, {role}_live;
GRANT DELETE ON ops.session_seen TO {role}_append;
GRANT INSERT, UPDATE, DELETE ON ops.effect, ops.effect_checkpoint, ops.webhook_pause, ops.withdrawn, ops.rebuild
    TO {role}_project;
GRANT DELETE ON ops.answer, ops.confirmed TO {role}_project;

-- Owner of a schema that a service creates later: the query side for the past, else the projection.
CREATE OR REPLACE FUNCTION ops.maker_of(schema text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN schema LIKE 'past\_%' THEN '{role}_read' ELSE '{role}_project' END $$;

-- Grants the services read access to a schema; called by its creator.
CREATE OR REPLACE FUNCTION ops.admit(schema text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}_append, {role}_read, {role}_live, {role}_project', schema);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO {role}_append, {role}_read, {role}_live, {role}_project', schema);
END $$;
