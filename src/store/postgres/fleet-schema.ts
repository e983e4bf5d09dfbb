/**
 * The tables of the fleet, which are those of SQLite (sqlite/fleet-schema.ts says what they mean). Whoever writes to them shares
 * a lock (`shareFleet`), so that `begin` and `sweep` can wait until nobody does.
 */
export const fleetTables = `
CREATE TABLE fleet_text (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash text COLLATE "C" NOT NULL UNIQUE,
  body text COLLATE "C" NOT NULL
);

CREATE TABLE fleet_package (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release integer NOT NULL,
  rules integer,
  hash text COLLATE "C" NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  facts text COLLATE "C" NOT NULL,
  gaps text COLLATE "C"
);
CREATE INDEX fleet_package_name ON fleet_package (left(name, 400), id);
CREATE INDEX fleet_package_unjudged ON fleet_package (id) WHERE rules IS NULL;

CREATE TABLE fleet_package_key (
  key bigint NOT NULL,
  package integer NOT NULL,
  PRIMARY KEY (key, package)
);
CREATE INDEX fleet_package_key_package ON fleet_package_key (package);

CREATE TABLE fleet_set (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  changed integer NOT NULL,
  hash text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE fleet_set_package (
  package_set integer NOT NULL,
  package integer NOT NULL,
  PRIMARY KEY (package_set, package)
);
CREATE INDEX fleet_set_package_package ON fleet_set_package (package, package_set);

CREATE TABLE fleet_image (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest text COLLATE "C" NOT NULL UNIQUE,
  analyzers text COLLATE "C" NOT NULL,
  indexed_at text COLLATE "C" NOT NULL,
  content text COLLATE "C" NOT NULL
);

CREATE TABLE fleet_image_set (
  image integer NOT NULL,
  package_set integer NOT NULL,
  PRIMARY KEY (image, package_set)
);
CREATE INDEX fleet_image_set_set ON fleet_image_set (package_set, image);

CREATE TABLE fleet_image_name (
  name integer PRIMARY KEY,
  image integer NOT NULL
);
CREATE INDEX fleet_image_name_image ON fleet_image_name (image);

CREATE TABLE fleet_operation (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_gen integer,
  to_gen integer,
  kind text COLLATE "C" NOT NULL,
  feed text COLLATE "C",
  rules text COLLATE "C",
  started_at text COLLATE "C" NOT NULL,
  ended_at text COLLATE "C"
);
CREATE INDEX fleet_operation_open ON fleet_operation (id) WHERE ended_at IS NULL;
INSERT INTO fleet_operation (kind, started_at)
  VALUES ('image', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));

CREATE TABLE fleet_judged (
  feed text COLLATE "C" PRIMARY KEY,
  generation integer NOT NULL
);

CREATE TABLE fleet_finding (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body_hash bigint NOT NULL,
  about_hash bigint NOT NULL,
  package integer NOT NULL,
  vulnerability integer NOT NULL,
  body integer NOT NULL,
  about integer NOT NULL,
  opened_by integer NOT NULL,
  closed_by integer,
  opened_at text COLLATE "C" NOT NULL,
  closed_at text COLLATE "C"
);
CREATE UNIQUE INDEX fleet_finding_open ON fleet_finding (package, vulnerability) WHERE closed_by IS NULL;
CREATE INDEX fleet_finding_closed ON fleet_finding (package) WHERE closed_by IS NOT NULL;
CREATE INDEX fleet_finding_opened_by ON fleet_finding (opened_by) WHERE opened_by > 1;
CREATE INDEX fleet_finding_closed_by ON fleet_finding (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX fleet_finding_closed_at ON fleet_finding (closed_at) WHERE closed_by IS NOT NULL;

CREATE TABLE fleet_finding_name (
  name integer NOT NULL,
  package integer NOT NULL,
  finding bigint NOT NULL,
  PRIMARY KEY (name, package, finding)
);
CREATE INDEX fleet_finding_name_finding ON fleet_finding_name (finding);
`
