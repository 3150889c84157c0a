//! What writing a read's audit record costs, and how long it is; with and without the journal.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool")]

use std::hint::black_box;
use std::sync::Arc;

use coffer_journal::{Journal, JournalKey, Settings, Slot};
use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::audit::AuditDraft;
use coffer_pipeline::permissions::Permissions;
use coffer_pipeline::{Caller, CallerKind, RequestContext, Scope};
use coffer_protocol::Input;

#[derive(Input)]
struct Asked {
    #[shape(required)]
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

fn main() {
    let account = AccountId::from_number(111_122_223_333);
    let context = RequestContext {
        request_id: "300a7f18-9df2-4962-8c9c-896db9cee0e0".to_owned(),
        caller: Arc::new(Caller {
            kind: CallerKind::User { user_name: "deploy".to_owned() },
            arn: "arn:aws:iam::111122223333:user/deploy".to_owned(),
            ..Caller::root(account, "AKIAIOSFODNN7EXAMPLE")
        }),
        identity: None,
        permissions: Arc::new(Permissions::unbounded()),
        scope: Scope { account, region: "us-east-1".parse().unwrap() },
        now: Timestamp::from_millis(1_795_452_782_271),
        source_ip: "10.0.0.7".into(),
        user_agent: "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux md/arch#x86_64".to_owned(),
        is_secure: true,
        tls: None,
    };
    let input = Asked {
        secret_id: "prod/db/password".to_owned(),
        version_id: None,
        version_stage: Some("AWSCURRENT".to_owned()),
    };
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db/password-AbCdEf";
    let resources = [arn];
    let write = |out: &mut Vec<u8>| {
        let draft = AuditDraft {
            read_only: true,
            resources: &resources,
            ..AuditDraft::of(&context, "secretsmanager", "GetSecretValue")
        };
        draft.write(|asked| asked.input(&input), |_| (), out);
    };
    let mut out = Vec::with_capacity(2048);
    let start = cpu();
    for _ in 0..ROUNDS {
        out.clear();
        write(black_box(&mut out));
    }
    let alone = nanoseconds(start);
    println!("{} bytes, {alone:.0} ns of CPU to write", out.len());
    let folder = std::env::temp_dir().join(format!("coffer-audit-speed-{}", std::process::id()));
    let key = JournalKey::new(&[7; 32]);
    let (journal, _) = Journal::open(&folder, key, Settings::default(), context.now).unwrap();
    for together in [1, 4, 16] {
        let start = cpu();
        for round in 0..ROUNDS {
            out.clear();
            write(&mut out);
            let ticket = journal.append_like(context.now, Slot::default(), &out).unwrap();
            if round % together == 0 {
                journal.flush(ticket).unwrap();
            }
        }
        println!("{:.0} ns of CPU to write and keep, {together} to a flush", nanoseconds(start));
    }
    drop(journal);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The CPU time of this thread, which says more than a clock where others share the machine.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse().unwrap()
}

fn nanoseconds(start: f64) -> f64 {
    (cpu() - start) / f64::from(ROUNDS)
}

const ROUNDS: u32 = 300_000;
