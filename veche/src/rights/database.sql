-- Rights on the database as a whole. `{role}` is replaced by the prefix of the roles' names.
DO $$ BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}_append, {role}_read, {role}_live, {role}_project, {role}_serve',
        current_database());
    -- The projection creates schemas for rebuilds, and the query side for point-in-time views.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}_project, {role}_read', current_database());
END $$;
