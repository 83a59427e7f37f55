-- In a person's own words why, and the ids of the tasks that were made (a JSON list, at most
-- 20 of them); NULL where there is nothing to say.
ALTER TABLE audit ADD COLUMN reason TEXT;
ALTER TABLE audit ADD COLUMN tasks TEXT;
