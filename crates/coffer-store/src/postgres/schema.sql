-- What a store is in a PostgreSQL database, format 1. It is made in the first schema of the
-- search path, in one transaction.

CREATE TABLE coffer_format (version bigint NOT NULL);
INSERT INTO coffer_format VALUES (1);

-- A key is cut after 2,000 bytes, because an index entry has 2,704 at most. The tail, of the few
-- keys that have one, is in the index by its digest and in order by the rows themselves.
CREATE TABLE coffer_rows (
    head bytea NOT NULL,
    tail bytea NOT NULL,
    mark bytea NOT NULL GENERATED ALWAYS AS
        (CASE WHEN tail = ''::bytea THEN ''::bytea ELSE sha256(tail) END) STORED,
    revision bigint NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (head, mark)
);
-- Values are sealed: there is nothing to compress.
ALTER TABLE coffer_rows ALTER COLUMN value SET STORAGE EXTERNAL;

-- The last revision; it begins as 0, of a store that nothing was ever written to.
CREATE SEQUENCE coffer_revisions MINVALUE 0 START 0;
SELECT nextval('coffer_revisions');
CREATE SEQUENCE coffer_nodes;

-- Which keys have changed of late, for the caches of the nodes. It need not outlive a crash: nodes
-- that lose their connection forget what they know.
CREATE UNLOGGED TABLE coffer_changes (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    node bigint NOT NULL,
    revision bigint NOT NULL,
    keys bytea[] NOT NULL
);
CREATE INDEX coffer_changes_by_transaction ON coffer_changes (transaction);
CREATE INDEX coffer_changes_by_time ON coffer_changes (at);

-- Applies batches, each whole or not at all, and answers with their revisions: null for one whose
-- expectations do not hold. No batch writes what another one expects something of or writes.
--
-- The locks come first, in the order of their names, and each statement after them sees what was
-- committed before they were given: what is expected and written stands still until the end.
CREATE FUNCTION coffer_commit(
    node bigint, batches int,
    lock_classes int[], lock_names int[], lock_writes boolean[],
    expected_batches int[], expected_keys bytea[], expected_revisions bigint[],
    put_batches int[], put_keys bytea[], put_values bytea[],
    delete_batches int[], delete_keys bytea[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    failed int[];
    revisions bigint[];
BEGIN
    PERFORM CASE
        WHEN l.writes THEN pg_advisory_xact_lock(l.class, l.name)
        ELSE pg_advisory_xact_lock_shared(l.class, l.name)
    END FROM unnest(lock_classes, lock_names, lock_writes) AS l(class, name, writes);
    failed := ARRAY(
        SELECT e.batch
        FROM unnest(expected_batches, expected_keys, expected_revisions) AS e(batch, key, revision)
        LEFT JOIN coffer_rows AS r
            ON r.head = substring(e.key FROM 1 FOR 2000) AND r.tail = substring(e.key FROM 2001)
        WHERE r.revision IS DISTINCT FROM e.revision
    );
    revisions := ARRAY(
        SELECT CASE
            WHEN this = ANY (failed) THEN NULL
            WHEN this = ANY (put_batches) OR this = ANY (delete_batches)
                THEN nextval('coffer_revisions')
            ELSE (SELECT last_value FROM coffer_revisions)
        END
        FROM generate_series(1, batches) AS this
    );
    IF cardinality(delete_keys) > 0 THEN
        DELETE FROM coffer_rows AS r
            USING unnest(delete_batches, delete_keys) AS d(batch, key)
            WHERE revisions[d.batch] IS NOT NULL
                AND r.head = substring(d.key FROM 1 FOR 2000)
                AND r.tail = substring(d.key FROM 2001);
    END IF;
    INSERT INTO coffer_rows (head, tail, revision, value)
        SELECT substring(p.key FROM 1 FOR 2000), substring(p.key FROM 2001),
            revisions[p.batch], p.value
        FROM unnest(put_batches, put_keys, put_values) AS p(batch, key, value)
        WHERE revisions[p.batch] IS NOT NULL
        ON CONFLICT (head, mark) DO UPDATE
            SET revision = excluded.revision, value = excluded.value;
    INSERT INTO coffer_changes (node, revision, keys)
        SELECT coffer_commit.node, revisions[c.batch], array_agg(c.key)
        FROM (
            SELECT p.batch, p.key FROM unnest(put_batches, put_keys) AS p(batch, key)
            UNION ALL
            SELECT d.batch, d.key FROM unnest(delete_batches, delete_keys) AS d(batch, key)
        ) AS c
        WHERE revisions[c.batch] IS NOT NULL
        GROUP BY c.batch;
    RETURN revisions;
END
$$;
