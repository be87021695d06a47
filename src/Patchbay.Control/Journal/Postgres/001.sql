CREATE TABLE patchbay_document (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (kind, key)
);

CREATE TABLE patchbay_revision (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  revision BIGINT NOT NULL
);
INSERT INTO patchbay_revision (one, revision) VALUES (1, 0);

-- The line is the whole truth; what is searched for is derived from it. Type json keeps every byte, jsonb would not.
CREATE TABLE patchbay_audit (
  seq BIGINT PRIMARY KEY,
  line JSON NOT NULL,
  actor TEXT GENERATED ALWAYS AS (line ->> 'actor') STORED,
  action TEXT GENERATED ALWAYS AS (line ->> 'action') STORED,
  target TEXT GENERATED ALWAYS AS (line ->> 'target') STORED
);
CREATE INDEX patchbay_audit_target ON patchbay_audit (target, seq);
