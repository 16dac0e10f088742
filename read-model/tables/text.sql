-- A text as it is compared where people search: the rule of `domain::text::folded`.
CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(lower(normalize($1, NFKC)), 'ё', 'е');
