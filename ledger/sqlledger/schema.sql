CREATE TABLE IF NOT EXISTS ledger_downloads (
	what     TEXT   NOT NULL PRIMARY KEY, -- identifies subject, name and source, or an ID alone
	id       TEXT   NOT NULL,
	used     BIGINT NOT NULL              -- the last use, in microseconds since 1970
);
CREATE INDEX IF NOT EXISTS ledger_downloads_id ON ledger_downloads (id);
CREATE TABLE IF NOT EXISTS ledger_entries (
	id          TEXT    NOT NULL,
	version     TEXT    NOT NULL,         -- the entity tag in quotes; '': not known
	subject     TEXT    NOT NULL,
	name        TEXT    NOT NULL,
	source      TEXT    NOT NULL,         -- '': not known
	size        BIGINT  NOT NULL,         -- in bytes; -1: not known
	bytes       BIGINT  NOT NULL,         -- that left
	complete    BOOLEAN NOT NULL,
	pieces      TEXT    NOT NULL,         -- JSON: [{"start":0,"end":10}]
	scattered   BOOLEAN NOT NULL,
	first_at    BIGINT  NOT NULL,         -- times are microseconds since 1970
	last_at     BIGINT  NOT NULL,
	streamed    BIGINT  NOT NULL,         -- numbers of requests
	handed_over BIGINT  NOT NULL,
	redirected  BIGINT  NOT NULL,
	logged      BIGINT  NOT NULL,
	logs        TEXT    NOT NULL,         -- JSON: how far the logs of proxies were read
	ended       TEXT    NOT NULL,         -- '': the last answer was sent whole
	ended_at    BIGINT,                   -- NULL: none has ended
	changed     BIGINT  NOT NULL,         -- orders the versions of a download
	PRIMARY KEY (id, version)
);
CREATE INDEX IF NOT EXISTS ledger_entries_last ON ledger_entries (last_at);
CREATE INDEX IF NOT EXISTS ledger_entries_subject ON ledger_entries (subject, last_at);
