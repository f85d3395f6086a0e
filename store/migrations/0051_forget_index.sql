-- The sweep asks each second for the phones of its provider that are to be forgotten.
DROP INDEX factors_to_forget;
CREATE INDEX factors_to_forget ON factors (provider) WHERE forget_since IS NOT NULL;
