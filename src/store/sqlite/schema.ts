import { fleetTables } from './fleet-schema.ts'
import { jobTables } from './job-schema.ts'
import { notificationTables } from './notification-schema.ts'

/** The number that marks a file as Chiaro's, in the header of every SQLite database ("CHIA"). */
export const applicationId = 0x43484941

/**
 * The schema, as the steps that make version n + 1 out of version n. A step that was ever released is never changed.
 *
 * The tables `statement`, `vulnerability` and `fact` hold what is true now, each row with the generation it came with
 * (`from_gen`). What was true once is in the tables named `…_history`, with the generation that ended it (`to_gen`).
 * What was true in generation g: current rows with `from_gen <= g`, and history rows with `from_gen <= g < to_gen`.
 * Generations are numbered per feed. Scopes belong to a feed, packages to a scope, so a statement has its feed from its package.
 */
export const migrations: readonly string[] = [
  `
CREATE TABLE feed (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0,
  fingerprint TEXT,
  data_time TEXT,
  checked_at TEXT,
  next_slot INTEGER NOT NULL DEFAULT 0,
  error_at TEXT,
  error_code TEXT,
  error_message TEXT
) STRICT;

-- The gaps of generations, as JSON. Generations with the same gaps share one row.
CREATE TABLE gap_list (
  id INTEGER PRIMARY KEY,
  gaps TEXT NOT NULL
) STRICT;

CREATE TABLE generation (
  feed INTEGER NOT NULL REFERENCES feed,
  number INTEGER NOT NULL,
  imported_at TEXT NOT NULL,
  data_time TEXT,
  fingerprint TEXT NOT NULL,
  version INTEGER NOT NULL,
  statements INTEGER NOT NULL,
  vulnerabilities INTEGER NOT NULL,
  facts INTEGER NOT NULL,
  gaps INTEGER NOT NULL,
  gap_list INTEGER REFERENCES gap_list,
  PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  feed INTEGER NOT NULL REFERENCES feed,
  statements INTEGER NOT NULL,
  UNIQUE (name, feed)
) STRICT;

CREATE TABLE package (
  id INTEGER PRIMARY KEY,
  scope INTEGER NOT NULL REFERENCES scope,
  name TEXT NOT NULL,
  UNIQUE (scope, name)
) STRICT;

-- What many statements say alike: fix state, rating and note, as JSON.
CREATE TABLE claim (
  id INTEGER PRIMARY KEY,
  body TEXT NOT NULL UNIQUE
) STRICT;

-- What vulnerabilities say, many in one compressed block (body-writer.ts). A block is never changed.
CREATE TABLE body_block (
  id INTEGER PRIMARY KEY,
  feed INTEGER NOT NULL REFERENCES feed,
  bodies INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

-- block and place: where its body is; hash: of the body. to_gen: it vanished, and only history refers to it.
CREATE TABLE vulnerability (
  id INTEGER PRIMARY KEY,
  feed INTEGER NOT NULL REFERENCES feed,
  name TEXT NOT NULL,
  from_gen INTEGER NOT NULL,
  to_gen INTEGER,
  hash INTEGER NOT NULL,
  block INTEGER NOT NULL REFERENCES body_block,
  place INTEGER NOT NULL,
  UNIQUE (feed, name)
) STRICT;

CREATE TABLE vulnerability_history (
  vulnerability INTEGER NOT NULL REFERENCES vulnerability,
  from_gen INTEGER NOT NULL,
  to_gen INTEGER NOT NULL,
  block INTEGER NOT NULL REFERENCES body_block,
  place INTEGER NOT NULL,
  PRIMARY KEY (vulnerability, from_gen)
) STRICT, WITHOUT ROWID;

-- value: JSON; slot as of a statement.
CREATE TABLE fact (
  feed INTEGER NOT NULL REFERENCES feed,
  name TEXT NOT NULL,
  slot INTEGER NOT NULL,
  from_gen INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (feed, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact_history (
  feed INTEGER NOT NULL REFERENCES feed,
  name TEXT NOT NULL,
  from_gen INTEGER NOT NULL,
  to_gen INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (feed, name, from_gen)
) STRICT, WITHOUT ROWID;

-- ranges: JSON (codec.ts). slot: a small number of its own within the feed, by which an import remembers what it has seen.
CREATE TABLE statement (
  package INTEGER NOT NULL REFERENCES package,
  vulnerability INTEGER NOT NULL REFERENCES vulnerability,
  slot INTEGER NOT NULL,
  from_gen INTEGER NOT NULL,
  claim INTEGER NOT NULL REFERENCES claim,
  fixed_in TEXT,
  ranges TEXT,
  advisory TEXT,
  PRIMARY KEY (package, vulnerability)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement_history (
  package INTEGER NOT NULL REFERENCES package,
  vulnerability INTEGER NOT NULL REFERENCES vulnerability,
  from_gen INTEGER NOT NULL,
  to_gen INTEGER NOT NULL,
  claim INTEGER NOT NULL REFERENCES claim,
  fixed_in TEXT,
  ranges TEXT,
  advisory TEXT,
  PRIMARY KEY (package, vulnerability, from_gen)
) STRICT, WITHOUT ROWID;

-- What was read out of a layer. content: zstd of JSON; paths: sorted 64-bit floats, little-endian; used_on: a day.
CREATE TABLE layer (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  diff_id TEXT NOT NULL,
  analyzers TEXT NOT NULL,
  used_on TEXT NOT NULL,
  content BLOB NOT NULL,
  paths BLOB NOT NULL,
  UNIQUE (digest, diff_id, analyzers)
) STRICT;

-- The index report of an image, as JSON, and what was last matched and found in it: basis, found_basis: what that depends on;
-- matches, found: JSON, without what describes vulnerabilities, which is a text beside them. What every scan reads is in front.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  analyzers TEXT NOT NULL,
  used_on TEXT NOT NULL,
  report TEXT NOT NULL,
  found_basis TEXT,
  found TEXT,
  found_descriptions TEXT,
  basis TEXT,
  matches TEXT,
  descriptions TEXT,
  UNIQUE (digest, analyzers)
) STRICT;

-- Images that could not be read when that was last tried, and why. tried_on: a day.
CREATE TABLE failed_image (
  digest TEXT PRIMARY KEY,
  tried_on TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT, WITHOUT ROWID;
${fleetTables}
${notificationTables}
${jobTables}`,
]

/** The version that this Chiaro writes and reads. */
export const schemaVersion = migrations.length
