-- The wrapped keys of personal values: all services read them, commands create and destroy them. (Only the owner
-- rewraps them.)
REVOKE ALL ON ALL TABLES IN SCHEMA keys FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA keys TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA keys TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT, UPDATE ON keys.data_keys TO {role}_append;
