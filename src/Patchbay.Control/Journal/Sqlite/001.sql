CREATE TABLE patchbay_document (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE patchbay_revision (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision INTEGER NOT NULL
);
INSERT INTO patchbay_revision (one, revision) VALUES (1, 0);

-- The line is the whole truth; what is searched for is derived from it.
CREATE TABLE patchbay_audit (
  seq INTEGER PRIMARY KEY,
  line TEXT NOT NULL,
  actor TEXT GENERATED ALWAYS AS (json_extract(line, '$.actor')) VIRTUAL,
  action TEXT GENERATED ALWAYS AS (json_extract(line, '$.action')) VIRTUAL,
  target TEXT GENERATED ALWAYS AS (json_extract(line, '$.target')) VIRTUAL
);
CREATE INDEX patchbay_audit_target ON patchbay_audit (target, seq);
