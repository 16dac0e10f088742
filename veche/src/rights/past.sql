-- Cached point-in-time views: the query side creates them, and commands that erase a subject drop them.
REVOKE ALL ON ALL TABLES IN SCHEMA past FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA past TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON past.scratch TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT, UPDATE, DELETE ON past.scratch TO {role}_read;
GRANT DELETE ON past.scratch TO {role}_append;
