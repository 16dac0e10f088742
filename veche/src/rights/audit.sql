-- The auditor's chain: the notary, which runs beside the projection, adds to it and changes nothing in it. (To begin it anew is
-- the owner's.)
REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM {role}_append, {role}_read, {role}_live, {role}_project;
GRANT USAGE ON SCHEMA audit TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO {role}_append, {role}_read, {role}_live, {role}_project;
GRANT INSERT ON audit.entry, audit.checkpoint TO {role}_project;
GRANT UPDATE ON audit.head TO {role}_project;
