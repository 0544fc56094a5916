-- The tables of a studio's database of version 1, with a character, its portrait and a picture.
CREATE TABLE jobs (
    id VARCHAR NOT NULL, verb VARCHAR NOT NULL, request JSON NOT NULL, model VARCHAR NOT NULL,
    client VARCHAR NOT NULL, priority INTEGER NOT NULL, state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL, created FLOAT NOT NULL, started FLOAT, ended FLOAT, error JSON,
    notes JSON NOT NULL, retry_of VARCHAR, PRIMARY KEY (id)
);
CREATE INDEX waiting ON jobs (state, model, priority, created);
CREATE TABLE items (
    id INTEGER NOT NULL, job VARCHAR, kind VARCHAR NOT NULL, place INTEGER NOT NULL, file VARCHAR,
    bytes INTEGER NOT NULL, width INTEGER, height INTEGER, text VARCHAR NOT NULL,
    record JSON NOT NULL, starred BOOLEAN NOT NULL, gone BOOLEAN NOT NULL, created FLOAT NOT NULL,
    space VARCHAR, vector BLOB, PRIMARY KEY (id), UNIQUE (job, kind, place),
    FOREIGN KEY(job) REFERENCES jobs (id)
);
CREATE INDEX by_space ON items (space);
CREATE INDEX by_file ON items (file);
CREATE VIRTUAL TABLE texts USING fts5(
    text, content='items', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER texts_in AFTER INSERT ON items BEGIN
    INSERT INTO texts(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER texts_out AFTER DELETE ON items BEGIN
    INSERT INTO texts(texts, rowid, text) VALUES ('delete', old.id, old.text);
END;
PRAGMA user_version = 1;
INSERT INTO jobs VALUES (
    'one', 'characters', '{"count": 1}', 'mini', 'local', 0, 'done', 1, 1.0, 1.0, 2.0, NULL, '[]', NULL
);
INSERT INTO items VALUES
    (1, 'one', 'picture', 0, NULL, 0, 8, 8, 'character 1', '{}', 0, 1, 2.0, 'clip', X'0000803F00000000'),
    (2, 'one', 'character', 0, NULL, 0, 8, 8, 'character 1', '{"shown": "sha256:gone"}', 1, 0, 2.0, NULL, NULL),
    (3, NULL, 'upload', 0, NULL, 0, 8, 8, 'café', '{}', 0, 0, 3.0, NULL, NULL);
