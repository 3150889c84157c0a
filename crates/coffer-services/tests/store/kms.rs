//! KMS's keys at work on a store: what opens, what does not, and what time does to a key.

use std::collections::BTreeMap;
use std::time::Duration;

use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::road::{Decision, decide};
use coffer_pipeline::{Access, Call, RequestContext, World};
use coffer_protocol::Fault;
use coffer_services::JOBS;
use coffer_services::kms::envelope::EncryptionContext;
use coffer_services::kms::key::{KeyManager, KeyRecord, KeyState, find_key, managed_key};
use coffer_services::kms::through::Through;
use coffer_store::Record as _;

use crate::world::{self, scope, world};

/// A decision made of what it reads, stages and tells.
struct Deciding<F> {
    context: RequestContext,
    run: F,
}

impl<T: Send, F> Decision for Deciding<F>
where
    F: for<'a, 'w> Fn(&'a mut Call<'w>) -> Step<'a, T> + Sync,
{
    type Outcome = T;

    fn access(&self) -> Access {
        Access::Write
    }

    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn names(&self) -> (&'static str, &str) {
        ("kms", "Test")
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<T, Fault> {
        (self.run)(call).await
    }
}

pub(crate) type Step<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Decides by a closure.
pub(crate) async fn on<T: Send, F>(world: &World, region: &str, run: F) -> Result<T, Fault>
where
    F: for<'a, 'w> Fn(&'a mut Call<'w>) -> Step<'a, T> + Sync,
{
    let context = world::context(world, region);
    decide(world, &Deciding { context, run }).await
}

async fn new_key(world: &World) -> String {
    on(world, HOME, |call| {
        Box::pin(async {
            let key = KeyRecord::generate(call, KeyManager::Customer, "", String::new());
            let key_id = key.key_id.clone();
            call.put(key).await?;
            Ok(key_id)
        })
    })
    .await
    .unwrap()
}

async fn sealed(world: &World, key_id: &str, context: &EncryptionContext) -> Vec<u8> {
    on(world, HOME, |call| {
        let (key_id, context) = (key_id.to_owned(), context.clone());
        Box::pin(async move {
            let key = find_key(call, &key_id).await?;
            Through::Itself.encrypt(call, &key, &context, b"attack at dawn").await
        })
    })
    .await
    .unwrap()
}

async fn opened(
    world: &World,
    region: &str,
    context: &EncryptionContext,
    blob: &[u8],
) -> Result<Vec<u8>, &'static str> {
    on(world, region, |call| {
        let (context, blob) = (context.clone(), blob.to_owned());
        Box::pin(async move {
            let plain = Through::Itself.decrypt(call, call.region(), &context, &blob).await?;
            Ok(plain.expose().clone())
        })
    })
    .await
    .map_err(|fault| fault.code)
}

fn context() -> EncryptionContext {
    BTreeMap::from([("a".to_owned(), "1".to_owned())])
}

#[tokio::test]
async fn a_ciphertext_opens_whole_and_in_its_context_only() {
    let world = world();
    let blob = sealed(&world, &new_key(&world).await, &context()).await;
    assert_eq!(opened(&world, HOME, &context(), &blob).await.unwrap(), b"attack at dawn");
    for (name, value) in [("a", "2"), ("A", "1"), ("b", "1")] {
        let other = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(opened(&world, HOME, &other, &blob).await, Err(INVALID));
    }
    assert_eq!(opened(&world, HOME, &BTreeMap::new(), &blob).await, Err(INVALID));
    for place in 0..blob.len() {
        let mut changed = blob.clone();
        *changed.get_mut(place).unwrap() ^= 1;
        assert_eq!(opened(&world, HOME, &context(), &changed).await, Err(INVALID), "{place}");
        let cut = blob.get(..place).unwrap();
        assert_eq!(opened(&world, HOME, &context(), cut).await, Err(INVALID), "cut at {place}");
    }
}

#[tokio::test]
async fn a_message_under_the_head_of_another_key_does_not_open() {
    let world = world();
    let (first, second) = (new_key(&world).await, new_key(&world).await);
    let one = sealed(&world, &first, &context()).await;
    let other = sealed(&world, &second, &context()).await;
    assert_eq!(one.len(), other.len());
    let message_bytes = SALT_AND_NONCE_BYTES + b"attack at dawn".len() + TAG_BYTES;
    let (head, _) = one.split_at(one.len() - message_bytes);
    let (_, message) = other.split_at(other.len() - message_bytes);
    let swapped = [head, message].concat();
    assert_eq!(opened(&world, HOME, &context(), &swapped).await, Err(INVALID));
}

#[tokio::test]
async fn a_key_that_is_not_here_is_not_told_from_one_that_is_denied() {
    let world = world();
    let key_id = new_key(&world).await;
    let blob = sealed(&world, &key_id, &context()).await;
    assert_eq!(opened(&world, "dc1", &context(), &blob).await, Err("AccessDeniedException"));
    on(&world, HOME, |call| {
        let row = KeyRecord::key_of(call.scope(), &key_id);
        Box::pin(async move { call.delete::<KeyRecord>(&row).await })
    })
    .await
    .unwrap();
    assert_eq!(opened(&world, HOME, &context(), &blob).await, Err("AccessDeniedException"));
}

#[tokio::test]
async fn a_key_opens_only_while_it_is_enabled() {
    let world = world();
    let key_id = new_key(&world).await;
    let blob = sealed(&world, &key_id, &context()).await;
    let later = world.clock.now().plus(Duration::from_secs(60));
    for (state, code) in [
        (KeyState::Disabled, "DisabledException"),
        (KeyState::PendingDeletion(later), "KMSInvalidStateException"),
    ] {
        on(&world, HOME, |call| {
            let key_id = key_id.clone();
            Box::pin(async move {
                let mut key = find_key(call, &key_id).await?.copy();
                key.state = state;
                call.put(key).await
            })
        })
        .await
        .unwrap();
        assert_eq!(opened(&world, HOME, &context(), &blob).await, Err(code));
    }
}

#[tokio::test]
async fn a_managed_key_is_made_once_and_rotated_each_year_and_old_ciphertexts_open() {
    let world = world();
    let make = || {
        on(&world, HOME, |call| {
            Box::pin(async { Ok(managed_key(call, "ssm").await?.key_id.clone()) })
        })
    };
    let key_id = make().await.unwrap();
    assert_eq!(make().await.unwrap(), key_id);
    let blob = sealed(&world, "alias/aws/ssm", &context()).await;
    for year in 1..=3 {
        world.clock.advance(Duration::from_secs(366 * 86_400)).unwrap();
        run_due(&world, JOBS, 100).await.unwrap();
        let row = KeyRecord::key_of(&scope(HOME), &key_id);
        let key = world.tables.get_fresh::<KeyRecord>(&row).await.unwrap().record.unwrap();
        assert_eq!(key.materials.len(), 1 + year);
        assert_eq!(key.key(), row);
        assert_eq!(opened(&world, HOME, &context(), &blob).await.unwrap(), b"attack at dawn");
    }
}

const HOME: &str = "eu-central-1";
const INVALID: &str = "InvalidCiphertextException";
const SALT_AND_NONCE_BYTES: usize = 28;
const TAG_BYTES: usize = 16;
