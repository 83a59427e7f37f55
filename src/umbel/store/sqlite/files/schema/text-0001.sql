-- tasks-NNNNNN.text: the search index of one partition. It can be rebuilt at any time.

-- Document n (below 2^40) is the text of tasks 8n to 8n+7. Texts come folded, by the
-- rule of `query.folding`, so the tokenizer must not fold by a rule of its own.
CREATE VIRTUAL TABLE document USING fts5(
    text, content='', tokenize='trigram case_sensitive 1', detail=none, columnsize=0
);
-- Joining eight parts at a time instead of four costs readers little and saves much writing.
INSERT INTO document (document, rank) VALUES ('automerge', 8);

-- Documents from 2^40 on are tasks that changed after they were indexed: 32-bit ids.
CREATE TABLE later (document INTEGER PRIMARY KEY, ids BLOB NOT NULL);

-- All tasks below `upto`, and all rows of `retext` up to `retext`, are indexed.
CREATE TABLE progress (upto INTEGER NOT NULL, retext INTEGER NOT NULL);
INSERT INTO progress VALUES (0, 0);
