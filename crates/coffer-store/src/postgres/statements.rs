//! What is asked of the database, and how sessions are set.

/// Makes a store where there is none.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The version of [`SCHEMA`].
pub(super) const FORMAT: i64 = 1;

/// The oldest server that has what is used: a generated column needs 12, transaction ids of 64 bits
/// 13.
pub(super) const SERVER_VERSION_MIN: i32 = 130_000;

/// Sets a session. Nothing waits for ever; rows are found by their index, however little the planner
/// knows of the table; and a commit is on disk when it answers, whatever the server's default.
pub(super) const SESSION: &str = "
    SET lock_timeout = '5s'; SET statement_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET default_transaction_isolation = 'read committed'; SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off;
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// What is to be known of a server before it is used.
pub(super) const SERVER: &str = "
    SELECT version(), current_setting('server_version_num')::int, current_setting('fsync') = 'on'";

/// Keeps two nodes from making the store at once, and tells its format where there is one.
pub(super) const LOCK_SCHEMA: &str = "SELECT pg_advisory_xact_lock($1, 0)";
pub(super) const HAS_FORMAT: &str = "SELECT to_regclass('coffer_format') IS NOT NULL";
pub(super) const READ_FORMAT: &str = "SELECT version FROM coffer_format";

/// A number that no other process has.
pub(super) const NEW_NODE: &str = "SELECT nextval('coffer_nodes')";

/// The rows of keys that are given in two parts, each with the place of its key, from 1.
pub(super) const READ: &str = "
    SELECT k.place, r.revision, r.value
    FROM unnest($1::bytea[], $2::bytea[]) WITH ORDINALITY AS k(head, tail, place)
    JOIN coffer_rows AS r ON r.head = k.head AND r.tail = k.tail";

/// The rows from one key on, to before another one.
pub(super) const SCAN_ASCENDING: &str = "
    SELECT head, tail, revision, value FROM coffer_rows
    WHERE head >= $1 AND (head > $1 OR tail >= $2) AND head <= $3 AND (head < $3 OR tail < $4)
    ORDER BY head, tail LIMIT $5";

/// The same, from the end.
pub(super) const SCAN_DESCENDING: &str = "
    SELECT head, tail, revision, value FROM coffer_rows
    WHERE head >= $1 AND (head > $1 OR tail >= $2) AND head <= $3 AND (head < $3 OR tail < $4)
    ORDER BY head DESC, tail DESC LIMIT $5";

/// Begins a transaction that sees the rows of one moment. Whoever takes them may be slow, as a disk is
/// that a backup is written to.
pub(super) const BEGIN_SNAPSHOT: &str = "
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL idle_in_transaction_session_timeout = '120s';
    SELECT pg_current_snapshot()";

/// Applies batches; see the schema.
pub(super) const COMMIT: &str =
    "SELECT coffer_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// What there is to be seen now.
pub(super) const SNAPSHOT: &str = "SELECT pg_current_snapshot()::text";

/// The changes that were not to be seen in an earlier snapshot, and what there is to be seen now.
pub(super) const CHANGES: &str = "
    SELECT pg_current_snapshot()::text, c.node, c.revision, c.keys
    FROM (SELECT) AS always
    LEFT JOIN coffer_changes AS c
        ON c.transaction >= pg_snapshot_xmin($1::text::pg_snapshot)
        AND NOT pg_visible_in_snapshot(c.transaction, $1::text::pg_snapshot)";

/// Forgets changes that every node has seen, or has to forget what it knows for.
pub(super) const FORGET_CHANGES: &str =
    "DELETE FROM coffer_changes WHERE at < now() - interval '60 seconds'";
