/** The tables of sqlite/job-schema.ts. */
export const jobTables = `
CREATE TABLE job (
  id text COLLATE "C" PRIMARY KEY,
  alive_at text COLLATE "C" NOT NULL,
  worker text COLLATE "C",
  ended boolean NOT NULL,
  content text NOT NULL
);
CREATE INDEX job_alive_at ON job (ended, alive_at);

CREATE TABLE job_event (
  job text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  event text NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (job, number)
);
`
