-- The audit chain: the notary, which runs with the projection, adds to it and changes nothing. (Only the owner can
-- reset it.)
REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA audit TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT ON audit.entry, audit.checkpoint TO {role}_project;
GRANT UPDATE ON audit.head TO {role}_project;
