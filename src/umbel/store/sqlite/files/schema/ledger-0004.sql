-- The action that sent the repetition; NULL for those that were sent before this was kept.
ALTER TABLE repeat ADD COLUMN action_id TEXT;
CREATE INDEX repeat_action ON repeat (action_id) WHERE action_id IS NOT NULL;
CREATE INDEX repeat_at ON repeat (at);
