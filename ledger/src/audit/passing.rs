//! A sound ledger is audited in passing: both copies side by side, stretch by stretch, by as many threads as there are,
//! with some bytes an entry in memory. At the first thing that is not as it should be this gives up, and the ledger is
//! looked at more closely.
//!
//! A thread takes the next block of the journal, decodes and hashes its entries, follows the links within it, and
//! compares them with the frames of the store ([`stretch`](super::stretch)). What depends on the entries before is
//! joined in order, and is little: the link at the seam, the signatures of registrars. What depends on all of them
//! (ids, references, parties, corrections) is settled at the end ([`meaning`](super::meaning)).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::chain::{Head, linked_to};
use crate::checkpoint::Contradiction;
use crate::copies::JOURNAL;
use crate::entry::Hash;
use crate::journal::Records;
use crate::journal::blocks::{Block, Blocks};
use crate::merkle::Tree;
use crate::registrar::Registrars;
use crate::store::Store;

use super::Against;
use super::meaning::Gathered;
use super::parties::{Parties, declared};
use super::stretch::{Sought, Stretch};

/// What was found of a ledger that is sound.
pub(super) struct Passed {
    pub(super) head: Head,
    /// How many entries the store lacks.
    pub(super) lag: u64,
    /// The hash of the entry whose head was given, if there is such an entry.
    pub(super) named: Option<Hash>,
    /// What the checkpoint that was given says against the tree.
    pub(super) contradiction: Option<Contradiction>,
}

/// Audits a ledger that may be sound; none where it is not. How many bytes of the journal are done is counted.
pub(super) fn pass(
    ledger: &Path,
    store: Option<&Store>,
    against: Option<&Against>,
    done: &AtomicU64,
) -> Option<Passed> {
    let path = ledger.join(JOURNAL);
    let blocks = Mutex::new(Blocks::open(&path).ok()?);
    let records = Records::open(&path).ok()?;
    if let Some(begins) = store.map(Store::begins)
        && begins.ok()?.is_some_and(|begins| begins != 1)
    {
        return None;
    }
    let work = Work {
        sought: Sought { store, against },
        blocks,
        joined: Mutex::default(),
        broken: AtomicBool::new(false),
        done,
    };
    let parties = std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| work.go_on())).collect();
        threads.into_iter().map(|thread| thread.join().ok()?).collect::<Option<Vec<Parties>>>()
    })?;
    let joined = work.joined.into_inner().ok()?.joined;
    let lag = match store.map(|store| store.head().number) {
        Some(reaches) => joined.head.number.checked_sub(reaches)?,
        None => 0,
    };
    if joined.goes_on || joined.crossed.is_some() || !joined.registrars.unsigned().is_empty() {
        return None;
    }
    joined.gathered.settle(&declared(parties)?, &records)?;
    let contradiction = match against {
        Some(Against::Checkpoint(checkpoint)) => checkpoint.check_against(&joined.tree).err(),
        Some(Against::Head(_)) | None => None,
    };
    Some(Passed { head: joined.head, lag, named: joined.named, contradiction })
}

/// What the threads share.
struct Work<'a> {
    sought: Sought<'a>,
    blocks: Mutex<Blocks>,
    joined: Mutex<Joining>,
    /// Whether something is not as it should be: then nobody need go on.
    broken: AtomicBool,
    done: &'a AtomicU64,
}

impl Work<'_> {
    /// Takes blocks as long as there are any; none where something is not as it should be.
    fn go_on(&self) -> Option<Parties> {
        let mut parties = Parties::default();
        let mut block = Block::default();
        let mut next = || {
            if self.broken.load(Ordering::Relaxed) || !self.blocks.lock().ok()?.read(&mut block).ok()? {
                return Some(false);
            }
            let stretch = self.sought.read(&block, &mut parties)?;
            self.done.fetch_add(block.length(), Ordering::Relaxed);
            self.joined.lock().ok()?.take(block.place, stretch)?;
            Some(true)
        };
        loop {
            match next() {
                Some(true) => {}
                Some(false) => return Some(parties),
                None => {
                    self.broken.store(true, Ordering::Relaxed);
                    return None;
                }
            }
        }
    }
}

/// Stretches, joined as they come; one that comes early waits.
#[derive(Default)]
struct Joining {
    count: u64,
    waiting: BTreeMap<u64, Stretch>,
    joined: Joined,
}

impl Joining {
    fn take(&mut self, place: u64, stretch: Stretch) -> Option<()> {
        self.waiting.insert(place, stretch);
        while let Some(next) = self.waiting.remove(&self.count) {
            self.joined.join(next)?;
            self.count += 1;
        }
        Some(())
    }
}

/// What all the stretches from the first on say together.
struct Joined {
    head: Head,
    goes_on: bool,
    crossed: Option<u64>,
    registrars: Registrars,
    gathered: Gathered,
    tree: Tree,
    named: Option<Hash>,
}

impl Default for Joined {
    fn default() -> Self {
        Self {
            head: Head::EMPTY,
            goes_on: false,
            crossed: None,
            registrars: Registrars::default(),
            gathered: Gathered::default(),
            tree: Tree::default(),
            named: None,
        }
    }
}

impl Joined {
    fn join(&mut self, mut next: Stretch) -> Option<()> {
        linked_to(&self.head, next.number, next.previous, next.recorded_at).ok()?;
        if next.crossed.0 != self.crossed {
            return None;
        }
        self.enter_registrars(&mut next)?;
        self.head = next.last;
        self.goes_on = next.goes_on;
        self.crossed = next.crossed.1;
        self.named = self.named.or(next.named);
        for leaf in std::mem::take(&mut next.leaves) {
            self.tree.push_leaf(leaf);
        }
        self.gathered.add(next);
        Some(())
    }

    /// Follows who may enter what; none where the rule is broken.
    fn enter_registrars(&mut self, next: &mut Stretch) -> Option<()> {
        let mut concerning = std::mem::take(&mut next.registrars).into_iter().peekable();
        if concerning.peek().is_none() && !self.registrars.is_founded() {
            return Some(());
        }
        for (number, kind) in (next.number..).zip(&next.kinds) {
            match concerning.next_if(|(_, head, _)| head.number == number) {
                Some((previous, head, act)) => {
                    self.registrars.set_last(number - 1, previous);
                    if !self.registrars.enter(number, head.hash, &act).is_empty() {
                        return None;
                    }
                }
                None => self.registrars.enter_other(number, kind),
            }
        }
        Some(())
    }
}
