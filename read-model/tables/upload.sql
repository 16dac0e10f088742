-- Files of teams.
CREATE TABLE upload (
    uid uuid PRIMARY KEY,
    team uuid NOT NULL,
    owner uuid NOT NULL,
    blob uuid NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    stored bigint NOT NULL, -- bytes with previews: what counts against the quota
    content_type text NOT NULL,
    kind text NOT NULL,
    animated boolean NOT NULL,
    width integer, -- of the preview
    height integer,
    created timestamptz NOT NULL
);

-- Which messages bring which files: who may read the message may read the file.
CREATE TABLE attachment (
    upload uuid NOT NULL,
    message uuid NOT NULL,
    team uuid NOT NULL, -- of both
    PRIMARY KEY (upload, message)
);
