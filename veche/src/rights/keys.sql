-- The keys of personal values, wrapped: all read them, commands make and destroy them. (Wrapping anew is the owner's.)
REVOKE ALL ON ALL TABLES IN SCHEMA keys FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA keys TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA keys TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT, UPDATE ON keys.data_keys TO {role}_append;
