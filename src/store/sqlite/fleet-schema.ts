/**
 * The tables of the fleet. Images share sets of packages, as they share layers; a set, a package and a text are there once, by a
 * hash of what they are. `fleet_text` holds what is long or said often: releases, rules, names of images, ids of
 * vulnerabilities, and what findings say.
 */
export const fleetTables = `
CREATE TABLE fleet_text (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL
) STRICT;

-- facts: the package and its repositories, as JSON. rules: what it was judged by last. gaps: JSON, where there are some.
CREATE TABLE fleet_package (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  release INTEGER NOT NULL REFERENCES fleet_text,
  facts TEXT NOT NULL,
  rules INTEGER REFERENCES fleet_text,
  gaps TEXT
) STRICT;
CREATE INDEX fleet_package_name ON fleet_package (name, id);
CREATE INDEX fleet_package_unjudged ON fleet_package (id) WHERE rules IS NULL;

-- key: a hash of scope and name. Two that have it in common by chance only cost a judgement.
CREATE TABLE fleet_package_key (
  key INTEGER NOT NULL,
  package INTEGER NOT NULL REFERENCES fleet_package,
  PRIMARY KEY (key, package)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_package_key_package ON fleet_package_key (package);

-- changed: how often findings of its packages have changed.
CREATE TABLE fleet_set (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  changed INTEGER NOT NULL
) STRICT;

CREATE TABLE fleet_set_package (
  package_set INTEGER NOT NULL REFERENCES fleet_set,
  package INTEGER NOT NULL REFERENCES fleet_package,
  PRIMARY KEY (package_set, package)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_set_package_package ON fleet_set_package (package, package_set);

-- content: a hash of its sets.
CREATE TABLE fleet_image (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL UNIQUE,
  analyzers TEXT NOT NULL,
  indexed_at TEXT NOT NULL,
  content TEXT NOT NULL
) STRICT;

CREATE TABLE fleet_image_set (
  image INTEGER NOT NULL REFERENCES fleet_image,
  package_set INTEGER NOT NULL REFERENCES fleet_set,
  PRIMARY KEY (image, package_set)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_image_set_set ON fleet_image_set (package_set, image);

CREATE TABLE fleet_image_name (
  name INTEGER PRIMARY KEY REFERENCES fleet_text,
  image INTEGER NOT NULL REFERENCES fleet_image
) STRICT;
CREATE INDEX fleet_image_name_image ON fleet_image_name (image);

-- The first one is that of images, and never ends.
CREATE TABLE fleet_operation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  feed TEXT,
  from_gen INTEGER,
  to_gen INTEGER,
  rules TEXT,
  started_at TEXT NOT NULL,
  ended_at TEXT
) STRICT;
CREATE INDEX fleet_operation_open ON fleet_operation (id) WHERE ended_at IS NULL;
INSERT INTO fleet_operation (id, kind, started_at) VALUES (1, 'image', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- The generation of a feed that packages were judged with.
CREATE TABLE fleet_judged (
  feed TEXT PRIMARY KEY,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- body: what it says, as JSON (fleet-row.ts); about: its description and links. Their hashes tell whether they have changed.
CREATE TABLE fleet_finding (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  package INTEGER NOT NULL REFERENCES fleet_package,
  vulnerability INTEGER NOT NULL REFERENCES fleet_text,
  body INTEGER NOT NULL REFERENCES fleet_text,
  about INTEGER NOT NULL REFERENCES fleet_text,
  body_hash INTEGER NOT NULL,
  about_hash INTEGER NOT NULL,
  opened_by INTEGER NOT NULL REFERENCES fleet_operation,
  opened_at TEXT NOT NULL,
  closed_by INTEGER REFERENCES fleet_operation,
  closed_at TEXT
) STRICT;
CREATE UNIQUE INDEX fleet_finding_open ON fleet_finding (package, vulnerability) WHERE closed_by IS NULL;
CREATE INDEX fleet_finding_closed ON fleet_finding (package) WHERE closed_by IS NOT NULL;
CREATE INDEX fleet_finding_opened_by ON fleet_finding (opened_by) WHERE opened_by > 1;
CREATE INDEX fleet_finding_closed_by ON fleet_finding (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX fleet_finding_closed_at ON fleet_finding (closed_at) WHERE closed_by IS NOT NULL;

-- The ids of the vulnerabilities that are open: each finding by all of its ids.
CREATE TABLE fleet_finding_name (
  name INTEGER NOT NULL REFERENCES fleet_text,
  package INTEGER NOT NULL REFERENCES fleet_package,
  finding INTEGER NOT NULL REFERENCES fleet_finding,
  PRIMARY KEY (name, package, finding)
) STRICT, WITHOUT ROWID;
CREATE INDEX fleet_finding_name_finding ON fleet_finding_name (finding);
`
