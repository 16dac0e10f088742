-- A read model from before the roles existed goes to the projection.
DO $$ DECLARE made record; BEGIN
    FOR made IN
        SELECT format('ALTER %s %s OWNER TO {role}_project', kind, name) AS statement FROM (
            SELECT 'SCHEMA' AS kind, nspname::regnamespace::text AS name FROM pg_namespace WHERE nspname = 'read'
            UNION ALL SELECT 'TABLE', oid::regclass::text FROM pg_class
                WHERE relnamespace = 'read'::regnamespace AND relkind = 'r'
            UNION ALL SELECT 'TEXT SEARCH DICTIONARY', 'read.' || quote_ident(dictname) FROM pg_ts_dict
                WHERE dictnamespace = 'read'::regnamespace
            UNION ALL SELECT 'TEXT SEARCH CONFIGURATION', 'read.' || quote_ident(cfgname) FROM pg_ts_config
                WHERE cfgnamespace = 'read'::regnamespace
            UNION ALL SELECT 'FUNCTION', oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'read'::regnamespace
        ) things
    LOOP EXECUTE made.statement; END LOOP;
END $$;
SELECT ops.admit('read');
