-- What each role may in the database as a whole. `{role}` stands for the beginning of the roles' names.
DO $$ BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}_append, {role}_read, {role}_live, {role}_project, {role}_serve',
        current_database());
    -- The projection makes the read model anew, and a query a schema with a team as it was.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}_project, {role}_read', current_database());
END $$;
