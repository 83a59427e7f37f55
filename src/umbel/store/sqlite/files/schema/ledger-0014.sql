-- Whether nobody knows that a repetition was sent: it is written before it goes to the broker, and
-- settled when that has answered.
ALTER TABLE repeat ADD COLUMN maybe INTEGER NOT NULL DEFAULT 0;
