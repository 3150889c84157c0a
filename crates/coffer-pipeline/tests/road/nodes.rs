//! Several nodes at the same jobs, while they are killed, paused for longer than a lease, and have
//! their clocks set: what must be done once is done once.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::job::runner::run_due;
use coffer_pipeline::{
    Clock, NewValue, NotMovable, NotRotated, Outside, RotatorKind, RotatorStep, Unreachable, World,
};
use coffer_store::{Faults, Sim};

use crate::service::JOBS;
use crate::world::{Harness, START_MS, Seeded, world_on};

#[tokio::test]
async fn what_must_be_done_once_is_done_once_by_nodes_that_die_pause_and_have_their_clocks_set() {
    let mut met = BTreeMap::new();
    for seed in 0..SEEDS {
        println!("seed {seed}");
        Nodes::new(seed).run(&mut met).await;
    }
    let times = |what: &str| met.get(what).copied().unwrap_or(0);
    assert!(["kill", "pause", "jump", "taken"].into_iter().all(|what| times(what) >= 5), "{met:?}");
}

/// A clock of a node: it goes on with the others, and shows a time of its own.
struct Skewed {
    steady_s: Arc<AtomicI64>,
    ahead_ms: AtomicI64,
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let steady_ms = 1_000 * self.steady_s.load(Ordering::SeqCst);
        Timestamp::from_millis(START_MS + steady_ms + self.ahead_ms.load(Ordering::SeqCst))
    }

    fn real_now(&self) -> Timestamp {
        self.now()
    }

    fn steady(&self) -> Duration {
        Duration::from_secs(self.steady_s.load(Ordering::SeqCst).unsigned_abs())
    }

    fn advance(&self, _: Duration) -> Result<Timestamp, NotMovable> {
        Err(NotMovable)
    }
}

/// Who is out at which errand.
#[derive(Default)]
struct Visits {
    out: Mutex<BTreeMap<String, BTreeSet<usize>>>,
    /// Until when others may go out in the place of nodes that were paused: what these hold may be old.
    late_until: Mutex<BTreeMap<usize, i64>>,
    taken: AtomicI64,
}

/// What a node goes out by.
struct Door {
    node: usize,
    steady_s: Arc<AtomicI64>,
    yields: u64,
    visits: Arc<Visits>,
}

/// An errand that a node is out at, until it is dropped.
struct Out<'a>(&'a Door, String);

impl Door {
    fn go_out(&self, item: &str) -> Out<'_> {
        let mut out = self.visits.out.lock().unwrap();
        let nodes = out.entry(item.to_owned()).or_default();
        let late_until = self.visits.late_until.lock().unwrap();
        let now = self.steady_s.load(Ordering::SeqCst);
        let is_late = |node: &usize| late_until.get(node).is_some_and(|until| now < *until);
        // Who was paused may not know that its claim has ended, before and after it goes out.
        let is_fine = is_late(&self.node) || nodes.iter().all(is_late);
        assert!(is_fine, "{} goes out where {nodes:?} are", self.node);
        let taken = i64::from(!nodes.is_empty());
        self.visits.taken.fetch_add(taken, Ordering::SeqCst);
        assert!(nodes.insert(self.node));
        Out(self, item.to_owned())
    }
}

impl Drop for Out<'_> {
    fn drop(&mut self) {
        let Self(door, item) = self;
        door.visits.out.lock().unwrap().get_mut(item).unwrap().remove(&door.node);
    }
}

#[async_trait]
impl Outside for Door {
    async fn get(&self, item: &str) -> Result<Vec<u8>, Unreachable> {
        let _out = self.go_out(item);
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
        Ok(Vec::new())
    }

    async fn rotate(&self, _: RotatorStep) -> Result<Option<NewValue>, NotRotated> {
        Ok(None)
    }

    fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable> {
        Err(Unreachable(name.to_owned()))
    }

    fn check_values(
        &self,
        _: &str,
        _: &Sensitive<String>,
        _: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        Ok(())
    }

    fn is_plain(&self, _: &str) -> bool {
        false
    }
}

/// A node: its process, while it has one.
struct Node {
    clock: Arc<Skewed>,
    id: usize,
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// When it goes on, or is started again.
    still_until: i64,
}

struct Nodes {
    seed: u64,
    sim: Arc<Sim>,
    chance: Seeded,
    asker: Harness,
    visits: Arc<Visits>,
    steady_s: Arc<AtomicI64>,
    nodes: Vec<Node>,
    started: usize,
}

impl Nodes {
    fn new(seed: u64) -> Self {
        let sim = Arc::new(Sim::with_faults(seed, Faults::default()));
        let steady_s = Arc::new(AtomicI64::new(0));
        let chance = Seeded::new(!seed);
        let node = |_| Node {
            clock: Arc::new(Skewed { steady_s: steady_s.clone(), ahead_ms: ahead_ms(&chance) }),
            id: 0,
            work: None,
            still_until: 0,
        };
        Self {
            seed,
            asker: Harness::new(sim.clone(), seed),
            sim,
            visits: Arc::default(),
            nodes: (0..NODES).map(node).collect(),
            chance,
            steady_s,
            started: 0,
        }
    }

    async fn run(mut self, met: &mut BTreeMap<&'static str, i64>) {
        let items: Vec<String> = (0..ITEMS).map(|number| format!("visit-{number}")).collect();
        for item in &items {
            assert_eq!(self.asker.append("asked", item).await.status, 200);
            let echo = item.replace("visit", "good");
            assert_eq!(self.asker.append("asked", &echo).await.status, 200);
        }
        self.sim.set_faults(bad_day());
        for tick in 0..TICKS_MAX {
            self.steady_s.store(tick, Ordering::SeqCst);
            for index in 0..NODES {
                self.befall(index, tick, met);
            }
            for _ in 0..POLLS_PER_TICK {
                self.poll(tick);
                tokio::task::yield_now().await;
            }
            if tick % 32 == 0 {
                self.sim.set_faults(Faults::default());
                if self.asker.waiting().await.is_empty() {
                    break;
                }
                self.sim.set_faults(bad_day());
            }
        }
        *met.entry("taken").or_default() += self.visits.taken.load(Ordering::SeqCst);
        self.check(&items).await;
    }

    /// Lets something happen to a node, or not.
    fn befall(&mut self, index: usize, tick: i64, met: &mut BTreeMap<&'static str, i64>) {
        let is_over = tick > TICKS_MAX / 2;
        let (chance, visits) = (&self.chance, &self.visits);
        let Some(node) = self.nodes.get_mut(index) else { return };
        if node.still_until > tick {
            return;
        }
        let what = match chance.below(90) {
            _ if is_over => "",
            0 => "kill",
            1 => "pause",
            2 | 3 => "jump",
            _ => "",
        };
        let below = |bound| i64::try_from(chance.below(bound)).unwrap();
        match what {
            "kill" => {
                node.work = None;
                node.still_until = tick + below(100);
            }
            "pause" => {
                node.still_until = tick + below(200);
                let mut late_until = visits.late_until.lock().unwrap();
                late_until.insert(node.id, node.still_until + LATE_S);
            }
            "jump" => {
                let ahead = ahead_ms(chance).into_inner();
                node.clock.ahead_ms.store(ahead, Ordering::SeqCst);
            }
            _ => {}
        }
        if !what.is_empty() {
            *met.entry(what).or_default() += 1;
        }
        if node.work.is_none() && node.still_until <= tick {
            self.started += 1;
            node.id = self.started;
            let (yields, visits) = (chance.below(60), Arc::clone(visits));
            let door = Door { node: node.id, steady_s: self.steady_s.clone(), yields, visits };
            let id = u64::try_from(node.id).unwrap();
            let entropy = Arc::new(Seeded::new(self.seed ^ (id << 20)));
            let keys = Seeded::new(self.seed);
            let world = world_on(self.sim.clone(), &keys, entropy, node.clock.clone());
            node.work = Some(Box::pin(work(World { outside: Arc::new(door), ..world })));
        }
    }

    /// Lets each node that is not still go on for a bit.
    fn poll(&mut self, tick: i64) {
        let mut context = Context::from_waker(std::task::Waker::noop());
        for node in self.nodes.iter_mut().filter(|node| node.still_until <= tick) {
            if let Some(work) = &mut node.work {
                assert!(work.as_mut().poll(&mut context).is_pending());
            }
        }
    }

    async fn check(&self, items: &[String]) {
        self.sim.set_faults(Faults::default());
        let seed = self.seed;
        assert!(self.asker.waiting().await.is_empty(), "seed {seed}: some still wait");
        assert!(self.asker.given_up().await.is_empty(), "seed {seed}");
        for (list, kind) in [("visited", "visit"), ("echo", "good")] {
            let mut done = self.asker.list(list).await;
            done.sort();
            let expected: Vec<String> =
                items.iter().map(|item| item.replace("visit", kind)).collect();
            assert_eq!(done, expected, "seed {seed}");
        }
        assert_eq!(self.asker.events().await, items.len(), "seed {seed}");
    }
}

/// How far a clock is ahead or behind: hours at most, and never the same twice.
fn ahead_ms(chance: &Seeded) -> AtomicI64 {
    AtomicI64::new(i64::try_from(chance.below(20_000_000)).unwrap() - 10_000_000)
}

async fn work(world: World) {
    loop {
        drop(run_due(&world, JOBS, 4).await);
        tokio::task::yield_now().await;
    }
}

fn bad_day() -> Faults {
    Faults {
        conflicts_per_mille: 50,
        unknowns_per_mille: 50,
        unavailable_per_mille: 20,
        yields_max: 2,
    }
}

const SEEDS: u64 = 200;
/// Longer than a lease and what is done in it.
const LATE_S: i64 = 90;
const NODES: usize = 3;
const ITEMS: usize = 8;
const TICKS_MAX: i64 = 6_000;
const POLLS_PER_TICK: usize = 8;
