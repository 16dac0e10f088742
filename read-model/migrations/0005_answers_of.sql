-- Whom an answer was given to: it goes when they, or those it may tell of, are erased.
ALTER TABLE ops.answer ADD COLUMN account uuid;
CREATE INDEX answer_account ON ops.answer (account) WHERE account IS NOT NULL;
