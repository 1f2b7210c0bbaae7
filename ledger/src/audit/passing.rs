//! A sound ledger is audited in passing: both copies side by side, stretch by stretch, by as many threads as there are,
//! with some bytes an entry in memory. At the first thing that is not as it should be this gives up, and the ledger is
//! looked at more closely.
//!
//! A thread takes the next block of the journal, decodes and hashes its entries and follows the links within it. The
//! store is copied and opened meanwhile; once that is done, what was read is compared with its frames
//! ([`stretch`](super::stretch)). What depends on the entries before is joined in order, and is little: the link at the
//! seam, the signatures of registrars. What depends on all of them (ids, references, parties, corrections) is settled at
//! the end ([`meaning`](super::meaning)).

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::abreast::{both, threads};
use crate::chain::{Fault, Head, linked_to};
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
use super::parties::{Mentions, Parties};
use super::stretch::{Stretch, Uncompared};

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

/// How many blocks keep their bytes until the store is open, 8 MB of them. Those after them are read again: to wait
/// instead would be to wait for the disk, for a store is written to it when it is opened.
const MOST_KEPT: usize = 16;

/// How many entries wait to be compared, with some dozens of bytes each, before the store is waited for all the same.
const MOST_PUT_OFF: usize = 1 << 20;

/// Audits a ledger that may be sound; none where it is not. The store is opened meanwhile. How many bytes of the journal
/// are done is counted.
pub(super) fn pass<S: Borrow<Store> + Send + Sync>(
    ledger: &Path,
    open: impl FnOnce() -> Result<Option<S>, Fault> + Send,
    against: Option<&Against>,
    done: &AtomicU64,
) -> Option<Passed> {
    let path = ledger.join(JOURNAL);
    let blocks = Mutex::new(Blocks::open(&path).ok()?);
    let records = Records::open(&path).ok()?;
    let work = Work {
        against,
        blocks,
        journal: &records,
        store: OnceLock::new(),
        put_off: Mutex::default(),
        parties: Parties::default(),
        joined: Mutex::default(),
        broken: AtomicBool::new(false),
        done,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| work.store.get_or_init(open));
        let threads: Vec<_> = (0..threads()).map(|_| scope.spawn(|| work.go_on())).collect();
        threads.into_iter().try_for_each(|thread| thread.join().ok()?)
    })?;
    let store = work.store.into_inner()?.ok()?;
    let joined = work.joined.into_inner().ok()?.joined;
    let lag = match store.as_ref().map(Borrow::borrow) {
        Some(store) if store.begins().ok()?.is_some_and(|begins| begins != 1) => return None,
        Some(store) => joined.head.number.checked_sub(store.head().number)?,
        None => 0,
    };
    if joined.goes_on || joined.crossed.is_some() || !joined.registrars.unsigned().is_empty() {
        return None;
    }
    // The store is not needed any more; to be rid of a large copy takes a while.
    let parties = work.parties;
    let settle = || parties.are_declared().then(|| joined.gathered.settle(&parties, &records))?;
    both(|| drop(store), settle).1?;
    let contradiction = match against {
        Some(Against::Checkpoint(checkpoint)) => checkpoint.check_against(&joined.tree).err(),
        Some(Against::Head(_)) | None => None,
    };
    Some(Passed { head: joined.head, lag, named: joined.named, contradiction })
}

/// What the threads share.
struct Work<'a, S> {
    against: Option<&'a Against>,
    blocks: Mutex<Blocks>,
    /// The journal, to read blocks of it again.
    journal: &'a Records,
    /// The store, if there is one, once it is open.
    store: OnceLock<Result<Option<S>, Fault>>,
    /// What was read before that.
    put_off: Mutex<VecDeque<Uncompared>>,
    parties: Parties,
    joined: Mutex<Joining>,
    /// Whether something is not as it should be: then nobody need go on.
    broken: AtomicBool,
    done: &'a AtomicU64,
}

impl<S: Borrow<Store>> Work<'_, S> {
    /// Takes blocks as long as there are any; none where something is not as it should be.
    fn go_on(&self) -> Option<()> {
        let sound = self.read();
        if sound.is_none() {
            self.broken.store(true, Ordering::Relaxed);
        }
        sound
    }

    fn read(&self) -> Option<()> {
        let (mut block, mut mentions) = (Block::default(), Mentions::default());
        while !self.broken.load(Ordering::Relaxed) && self.blocks.lock().ok()?.read(&mut block).ok()? {
            let length = block.length();
            let read = Uncompared::read(std::mem::take(&mut block), self.against, &mut mentions)?;
            self.parties.enter(&mut mentions)?;
            self.done.fetch_add(length, Ordering::Relaxed);
            block = match self.store.get() {
                Some(store) => {
                    self.compare_put_off(store)?;
                    self.compare(read, store)?
                }
                None => self.put_off(read)?,
            };
        }
        self.compare_put_off(self.store.wait())
    }

    /// Keeps what was read until the store is open, and waits for that where it is too much. Gives a block back of which
    /// the memory can be used again.
    fn put_off(&self, mut read: Uncompared) -> Option<Block> {
        let mut put_off = self.put_off.lock().ok()?;
        let spare = if put_off.len() < MOST_KEPT { Block::default() } else { read.block.let_go() };
        put_off.push_back(read);
        let count: usize = put_off.iter().map(Uncompared::count).sum();
        drop(put_off);
        if count > MOST_PUT_OFF {
            self.store.wait();
        }
        Some(spare)
    }

    fn compare_put_off(&self, store: &Result<Option<S>, Fault>) -> Option<()> {
        let next = || self.put_off.lock().ok()?.pop_front();
        while let Some(next) = next() {
            self.compare(next, store)?;
        }
        Some(())
    }

    /// Compares what was read with the store, and joins it to the rest. Gives the block back.
    fn compare(&self, read: Uncompared, store: &Result<Option<S>, Fault>) -> Option<Block> {
        let store = store.as_ref().ok()?.as_ref().map(Borrow::borrow);
        let (stretch, block) = read.compare(store, self.journal)?;
        self.joined.lock().ok()?.take(stretch)?;
        Some(block)
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
    fn take(&mut self, stretch: Stretch) -> Option<()> {
        self.waiting.insert(stretch.place, stretch);
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use serde_json::{Map, Value, json};

    use super::*;
    use crate::act::{Act, Draft, Place};
    use crate::audit::{Terms, audit};
    use crate::chain::{Sealed, seal};
    use crate::copies::STORE;
    use crate::date::{Instant, RecordedAt};
    use crate::journal::{FIRST_LINE, Journal, Reader, record_length};

    fn act(fields: &Map<String, Value>) -> Act {
        let mut draft = Draft::new(0);
        for (name, value) in fields {
            draft.push(name, value.clone(), Place::default());
        }
        Act::read(draft).unwrap()
    }

    fn visit(id: &str, actor: &str) -> Value {
        let note = "a note of some length, for entries are seldom as short as a visit can be";
        json!({ "kind": "visit", "id": id, "actor": actor, "effective": "2003", "note": note })
    }

    fn party(id: &str, party: &str) -> Value {
        json!({ "kind": "entity.created", "subject": id, "party": party })
    }

    fn corrected(act: &str, set: &Value) -> Value {
        json!({ "kind": "act.corrected", "act": act, "set": set })
    }

    /// The acts of a world in which much is corrected, and corrections too.
    fn world(count: u64) -> Vec<Value> {
        let line = |number: u64| match number {
            1..=26 => {
                let letter = char::from(b'A' + u8::try_from(number - 1).unwrap());
                party(&format!("A{letter}A"), "state")
            }
            _ if number.is_multiple_of(7) => {
                corrected(&format!("act-{}", number - 1), &json!({ "effective": "2004" }))
            }
            _ if number % 7 == 1 => corrected(&format!("#{}", number - 2), &json!({ "actor": "ABA" })),
            _ if number % 7 == 2 => json!({ "kind": "act.retracted", "act": format!("#{}", number - 1) }),
            _ => visit(&format!("act-{number}"), "AAA"),
        };
        (1..=count).map(line).collect()
    }

    /// A ledger that nobody checked, of a world and some lines after it.
    fn ledger(count: u64, lines: &[Value]) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let world = world(count);
        let acts = world.iter().chain(lines).map(|line| act(line.as_object().unwrap()));
        let mut head = Head::EMPTY;
        let sealed: Vec<Sealed> = acts
            .map(|act| {
                let sealed = seal(&head, act, RecordedAt::Clock(Instant::UNIX_EPOCH)).unwrap();
                head = sealed.head();
                sealed
            })
            .collect();
        let mut journal = Journal::create(&dir.path().join(JOURNAL)).unwrap();
        journal.append(&sealed).unwrap();
        let mut store = Store::open(&dir.path().join(STORE)).unwrap();
        store.follow(&dir.path().join(JOURNAL), FIRST_LINE.len() as u64..journal.bytes()).unwrap();
        store.sync().unwrap();
        (dir, store)
    }

    fn passes(dir: &Path, store: Option<&Store>) -> bool {
        pass(dir, || Ok(store), None, &AtomicU64::new(0)).is_some()
    }

    #[test]
    fn a_sound_ledger_passes_with_its_store_or_without() {
        let (dir, store) = ledger(9_000, &[]);
        assert!(
            std::fs::metadata(dir.path().join(JOURNAL)).unwrap().len() > 2 << 19,
            "there are several blocks"
        );
        let done = AtomicU64::new(0);
        let passed = pass(dir.path(), || Ok(Some(&store)), None, &done).unwrap();
        assert_eq!((passed.head.number, passed.lag), (9_000, 0));
        let length = std::fs::metadata(dir.path().join(JOURNAL)).unwrap().len();
        assert_eq!(done.into_inner(), length - 19, "all of it but the first line was counted");
        assert!(passes(dir.path(), None));
        drop(store);
        let found = audit(dir.path(), &Terms::default()).unwrap();
        assert!(found.store_read && found.faults.is_empty(), "{:?}", found.faults);
    }

    #[test]
    fn the_journal_is_read_before_the_store_is_open() {
        let (dir, store) = ledger(9_000, &[]);
        let length = std::fs::metadata(dir.path().join(JOURNAL)).unwrap().len() - FIRST_LINE.len() as u64;
        let done = AtomicU64::new(0);
        let opens_last = || {
            while done.load(Ordering::Relaxed) < length {
                std::thread::yield_now();
            }
            Ok(Some(&store))
        };
        assert!(pass(dir.path(), opens_last, None, &done).is_some());
        let does_not_open = || Err::<Option<&Store>, Fault>(Fault::Lacking);
        assert!(pass(dir.path(), does_not_open, None, &done).is_none());
    }

    #[test]
    fn blocks_that_were_let_go_are_read_again_and_compared() {
        let note = "long ".repeat(13_000);
        let line = |_| json!({ "kind": "visit", "actor": "AAA", "effective": "2003", "note": note.trim() });
        let (dir, store) = ledger(26, &(0..200).map(line).collect::<Vec<_>>());
        let journal = dir.path().join(JOURNAL);
        let length = std::fs::metadata(&journal).unwrap().len();
        assert!(length > (MOST_KEPT as u64 + 4) << 19, "more blocks than are kept");
        let opens_last = |alter: &(dyn Fn() + Sync)| {
            let done = AtomicU64::new(0);
            let open = || {
                while done.load(Ordering::Relaxed) < length - FIRST_LINE.len() as u64 {
                    std::thread::yield_now();
                }
                alter();
                Ok(Some(&store))
            };
            pass(dir.path(), open, None, &done).is_some()
        };
        assert!(opens_last(&|| ()));
        let alter = || {
            let file = std::fs::File::options().write(true).open(&journal).unwrap();
            file.write_all_at(b"song", length - 6).unwrap();
        };
        assert!(!opens_last(&alter), "what has changed since is seen");
    }

    #[test]
    fn a_store_that_lags_passes_and_one_that_differs_or_leads_does_not() {
        let (dir, _) = ledger(3_000, &[]);
        let (_, another) = ledger(3_000, &[json!({ "kind": "visit", "actor": "AAA", "effective": "2003" })]);
        assert!(!passes(dir.path(), Some(&another)), "it leads by an entry");
        let (_, another) = ledger(2_000, &[visit("another", "AAA")]);
        assert!(!passes(dir.path(), Some(&another)), "its last entry is another");
        let sealed: Vec<Sealed> =
            Reader::open(&dir.path().join(JOURNAL)).unwrap().map(|(sealed, _)| sealed).collect();
        for count in [0, 1, 15, 16, 17, 1_900, 2_999] {
            let lagging = tempfile::tempdir().unwrap();
            let mut store = Store::open(lagging.path()).unwrap();
            let begin = FIRST_LINE.len() as u64;
            let length: u64 = sealed[..count].iter().map(|sealed| record_length(sealed.bytes.len())).sum();
            store.follow(&dir.path().join(JOURNAL), begin..begin + length).unwrap();
            let passed = pass(dir.path(), || Ok(Some(&store)), None, &AtomicU64::new(0)).unwrap();
            assert_eq!(passed.lag, 3_000 - count as u64);
        }
    }

    #[test]
    fn what_means_nothing_is_found_wherever_it_stands() {
        let sound = [
            vec![visit("v", "AAA"), visit("w", "AAA")],
            vec![visit("v", "AAA"), corrected("v", &json!({ "actor": "ABA" }))],
            vec![
                visit("v", "AAA"),
                corrected("v", &json!({ "effective": "2004" })),
                corrected("v", &json!({ "until": "2005" })),
            ],
            vec![party("NEW", "state"), visit("v", "NEW"), party("NEW", "state")],
        ];
        let unsound = [
            vec![visit("v", "AAA"), visit("v", "ABA")],
            vec![visit("act-27", "ABA")],
            vec![visit("v", "NEW")],
            vec![visit("v", "NEW"), party("NEW", "state")],
            vec![party("NEW", "state"), party("NEW", "company")],
            vec![json!({ "kind": "act.retracted", "act": "nothing" })],
            vec![json!({ "kind": "act.retracted", "act": "v" }), visit("v", "AAA")],
            vec![json!({ "kind": "act.retracted", "act": "#9999" })],
            vec![visit("v", "AAA"), corrected("v", &json!({ "actor": "NEW" })), party("NEW", "state")],
            vec![visit("v", "AAA"), corrected("v", &json!({ "actor": null }))],
            vec![
                visit("v", "AAA"),
                corrected("v", &json!({ "effective": "2004" })),
                corrected("v", &json!({ "until": "2003" })),
            ],
        ];
        for (lines, is_sound) in
            sound.iter().map(|lines| (lines, true)).chain(unsound.iter().map(|lines| (lines, false)))
        {
            let (dir, store) = ledger(300, lines);
            assert_eq!(passes(dir.path(), Some(&store)), is_sound, "{lines:?}");
            drop(store);
            let found = audit(dir.path(), &Terms::default()).unwrap();
            assert_eq!(found.faults.is_empty(), is_sound, "{lines:?}: {:?}", found.faults);
        }
    }
}
