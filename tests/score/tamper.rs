//! The tamper score: a small ledger altered in every way, and what the audit and the next writer make of it.
//!
//! For each mutant: does an audit say that something is wrong, without and with a checkpoint that was kept
//! elsewhere; does it name the entry or the copy that was altered; and does the next writer bring the ledger back to
//! the head that it had.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::act::Submitted;
use ledger::audit::{Against, Audit, Part, Terms, audit};
use ledger::checkpoint::Checkpoint;
use ledger::{Fault, Head, History, Instant, Ledger, Log, OpenError, RecordedAt};

/// The figures of one class of mutants.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) class: &'static str,
    /// How many mutants there could be; more than were made where they were sampled.
    pub(crate) possible: usize,
    pub(crate) made: usize,
    /// Of them, those that left both copies saying what they said.
    pub(crate) harmless: usize,
    pub(crate) found: usize,
    pub(crate) found_with_checkpoint: usize,
    pub(crate) located: usize,
    pub(crate) repaired: usize,
    /// After the repair an audit finds nothing.
    pub(crate) sound_after: usize,
    /// The first mutants of which some figure fell short.
    pub(crate) misses: Vec<String>,
}

/// Where an audit should say that the fault is.
#[derive(Debug, Clone)]
enum Where {
    /// In the journal, at one of these entries.
    Journal(u64, u64),
    Store,
    /// Only a checkpoint can tell, at this entry.
    Checkpoint(u64),
    /// Only a checkpoint can tell, and not where.
    Nowhere,
    Anywhere,
}

type Change = Box<dyn Fn(&Path)>;

struct Mutant {
    name: String,
    at: Where,
    change: Change,
}

/// The ledger that is altered, and all that it should be.
pub(crate) struct Original {
    _dir: tempfile::TempDir,
    path: PathBuf,
    scratch: PathBuf,
    head: Head,
    checkpoint: Checkpoint,
    journal: Vec<u8>,
    /// Where each record of the journal begins, and at the end its length.
    records: Vec<usize>,
    /// The ledger as it was after each append but the last, and how many entries it had.
    earlier: Vec<(PathBuf, u64)>,
}

fn at(hour: usize) -> RecordedAt {
    RecordedAt::Asserted(format!("2020-01-01T{hour:02}:00:00Z").parse::<Instant>().unwrap())
}

fn acts(lines: &[String]) -> Vec<Submitted> {
    let (acts, problems) = ledger::act::json::read(lines.join("\n").as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    acts
}

impl Original {
    /// A ledger of ten appends and 24 entries, in two copies.
    pub(crate) fn new() -> Self {
        Self::of_appends(|turn| 1 + turn % 4)
    }

    /// A ledger of ten appends and 240 entries, in two copies: five full frames of the store.
    fn of_frames() -> Self {
        Self::of_appends(|turn| if turn < 9 { 26 } else { 30 })
    }

    /// A ledger of two parties, and nine appends more of so many visits.
    fn of_appends(visits: fn(usize) -> usize) -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let path = dir.path().join("ledger");
        let party =
            |id| format!(r#"{{"kind":"entity.created","subject":"{id}","party":"state","name":"{id}"}}"#);
        Ledger::create(&path, acts(&[party("AAA"), party("BBB")]), at(0)).unwrap();
        let mut earlier = Vec::new();
        for turn in 1..10 {
            let visit = |n| {
                format!(
                    r#"{{"kind":"visit","actor":"AAA","subject":"BBB","effective":"20{turn:02}-01-{n:02}","note":"no {n}"}}"#
                )
            };
            let state = dir.path().join(format!("earlier-{turn}"));
            copy_all(&path, &state);
            let (mut ledger, _) = Ledger::open(&path).unwrap();
            earlier.push((state, ledger.head().number));
            let lines: Vec<String> = (1..=visits(turn)).map(visit).collect();
            ledger.append(acts(&lines), at(turn), None).unwrap();
            ledger.close().unwrap();
        }
        let log = Log::read(&path).unwrap();
        let head = log.entries.last().unwrap().0.head();
        let journal = fs::read(path.join("journal")).unwrap();
        let mut records = vec![19];
        for (sealed, _) in &log.entries {
            records.push(records.last().unwrap() + 8 + sealed.bytes.len());
        }
        let (scratch, checkpoint) = (dir.path().join("scratch"), Checkpoint::of("log", &log.tree));
        Self { _dir: dir, path, scratch, head, checkpoint, journal, records, earlier }
    }

    /// Makes the mutants of every class, at most so many of each, and judges them.
    pub(crate) fn score(&self, most: usize, mut each: impl FnMut(&Row)) -> Vec<Row> {
        let larger = Self::of_frames();
        let classes: [(&'static str, &Self, Vec<Mutant>); 12] = [
            ("journal, a byte altered", self, self.journal_bytes()),
            ("journal, cut short", self, self.journal_cuts()),
            ("journal, records moved", self, self.moved_records()),
            ("journal, a record forged", self, self.forged_records()),
            ("store, a byte altered", self, self.store_bytes()),
            ("store, a file cut short", self, self.store_cuts()),
            ("store, frames moved", &larger, larger.moved_frames()),
            ("a file taken away", self, self.without_files()),
            ("both copies, two frames", &larger, larger.both_copies(48)),
            ("both copies, one frame", self, self.both_copies(1)),
            ("rolled back, all of it", self, self.rolled_back()),
            ("chained anew, all of it", self, self.chained_anew()),
        ];
        let mut rows = Vec::new();
        for (class, original, mutants) in classes {
            let row = original.judge_all(class, &mutants, most);
            each(&row);
            rows.push(row);
        }
        rows
    }

    fn judge_all(&self, class: &'static str, mutants: &[Mutant], most: usize) -> Row {
        let mut row = Row { class, possible: mutants.len(), ..Row::default() };
        let step = mutants.len().div_ceil(most).max(1);
        for mutant in mutants.iter().step_by(step) {
            self.judge(mutant, &mut row);
        }
        row
    }

    fn judge(&self, mutant: &Mutant, row: &mut Row) {
        let dir = &self.scratch;
        fs::remove_dir_all(dir).ok();
        copy_all(&self.path, dir);
        (mutant.change)(dir);
        row.made += 1;
        let audited = audit(dir, &Terms::against(Against::Checkpoint(self.checkpoint.clone())));
        if self.says_what_it_said(&audited) {
            row.harmless += 1;
            return;
        }
        let blind = found(&audited, |fault| !matches!(fault, Fault::Checkpoint(_)));
        let seen = found(&audited, |_| true);
        let located = is_located(&audited, &mutant.at);
        let repaired = self.is_repaired(dir);
        let again = audit(dir, &Terms::against(Against::Checkpoint(self.checkpoint.clone())));
        let sound = repaired && self.says_what_it_said(&again);
        row.found += usize::from(blind);
        row.found_with_checkpoint += usize::from(seen);
        row.located += usize::from(located);
        row.repaired += usize::from(repaired);
        row.sound_after += usize::from(sound);
        let mended = repaired && sound || !is_repairable(row.class);
        if !(seen && located && mended) && row.misses.len() < 8 {
            let words = match audited {
                Ok(audited) => format!("{:?} {:?}", audited.faults, audited.remarks),
                Err(error) => error.to_string(),
            };
            let opened = Ledger::open(dir).err().map(|error| error.to_string());
            row.misses.push(format!(
                "{}: seen {seen} located {located} repaired {repaired} sound {sound}: {words:.300} {opened:?}",
                mutant.name
            ));
        }
    }

    /// Whether both copies hold what they held: an audit with a checkpoint has nothing to say, and the head is
    /// the same.
    fn says_what_it_said(&self, audited: &Result<Audit, OpenError>) -> bool {
        audited.as_ref().is_ok_and(|audited| {
            audited.faults.is_empty()
                && audited.remarks.is_empty()
                && audited.not_checked.is_empty()
                && audited.head == self.head
                && audited.store_read
        })
    }

    fn is_repaired(&self, dir: &Path) -> bool {
        let Ok((ledger, _)) = Ledger::open(dir) else { return false };
        let head = ledger.head();
        ledger.close().ok();
        head == self.head && History::read(dir).is_ok_and(|history| history.head == self.head)
    }

    /// The number of the entry whose record holds a byte of the journal.
    fn entry_at(&self, place: usize) -> u64 {
        self.records.iter().filter(|start| **start <= place).count().max(1) as u64
    }

    /// The first entry of the append that holds an entry.
    fn append_of(&self, number: u64) -> u64 {
        let starts = self.earlier.iter().map(|(_, count)| count + 1).chain([1]);
        starts.filter(|start| *start <= number).max().unwrap_or(1)
    }

    fn journal_bytes(&self) -> Vec<Mutant> {
        let flip = |place: usize| Mutant {
            name: format!("byte {place}"),
            at: Where::Journal(self.append_of(self.entry_at(place)), self.entry_at(place)),
            change: altered("journal", place),
        };
        (0..self.journal.len()).map(flip).collect()
    }

    fn journal_cuts(&self) -> Vec<Mutant> {
        let cut = |length: usize| Mutant {
            name: format!("cut to {length}"),
            at: Where::Journal(self.append_of(self.entry_at(length)), self.entry_at(length)),
            change: cut("journal", length),
        };
        (0..self.journal.len()).map(cut).collect()
    }

    fn record(&self, number: usize) -> &[u8] {
        &self.journal[self.records[number - 1]..self.records[number]]
    }

    fn moved_records(&self) -> Vec<Mutant> {
        let count = self.records.len() - 1;
        let mutant = |name: String, number: usize, parts: Vec<&[u8]>| {
            let bytes = parts.concat();
            let at = Where::Journal(self.append_of(number as u64), number as u64 + 1);
            Mutant { name, at, change: Box::new(move |dir| fs::write(dir.join("journal"), &bytes).unwrap()) }
        };
        let mut mutants = Vec::new();
        for number in 1..=count {
            let (before, after) =
                (&self.journal[..self.records[number - 1]], &self.journal[self.records[number]..]);
            let own = self.record(number);
            mutants.push(mutant(format!("without {number}"), number, vec![before, after]));
            mutants.push(mutant(format!("{number} twice"), number, vec![before, own, own, after]));
            if number < count {
                let next = self.record(number + 1);
                let rest = &after[next.len()..];
                mutants.push(mutant(format!("{number} swapped"), number, vec![before, next, own, rest]));
            }
        }
        mutants
    }

    /// Each record altered, with a right checksum; and the journal alone chained anew from each entry on.
    fn forged_records(&self) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        for number in 1..self.records.len() {
            let own = self.record(number).to_vec();
            let (from, to) = (self.records[number - 1], self.records[number]);
            let at = Where::Journal(number as u64, number as u64 + 1);
            let forge = move |dir: &Path| {
                let mut journal = fs::read(dir.join("journal")).unwrap();
                let mut record = own.clone();
                let middle = record.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
                record[middle] = if record[middle] == b'1' { b'2' } else { b'1' };
                let crc = checksum(&record);
                record[4..8].copy_from_slice(&crc.to_le_bytes());
                journal.splice(from..to, record);
                fs::write(dir.join("journal"), journal).unwrap();
            };
            mutants.push(Mutant { name: format!("forged {number}"), at, change: Box::new(forge) });
            let log = Log::read(&self.path).unwrap();
            let rewrite = move |dir: &Path| {
                let whole = dir.with_extension("anew");
                chain_anew(&log, number, &whole);
                fs::copy(whole.join("journal"), dir.join("journal")).unwrap();
                fs::remove_dir_all(whole).unwrap();
            };
            let at = Where::Store;
            mutants.push(Mutant {
                name: format!("journal anew from {number}"),
                at,
                change: Box::new(rewrite),
            });
        }
        mutants
    }

    fn store_files(&self) -> Vec<(String, usize)> {
        let files = fs::read_dir(self.path.join("store")).unwrap().map(|file| file.unwrap());
        let files = files.filter(|file| file.file_type().unwrap().is_file());
        let mut files: Vec<(String, usize)> = files
            .map(|file| {
                let name = file.file_name().into_string().unwrap();
                (format!("store/{name}"), usize::try_from(file.metadata().unwrap().len()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn store_places(&self) -> Vec<(String, usize)> {
        let files = self.store_files().into_iter().map(|(file, _)| file);
        files
            .flat_map(|file| written(&self.path.join(&file)).into_iter().map(move |at| (file.clone(), at)))
            .collect()
    }

    fn store_bytes(&self) -> Vec<Mutant> {
        let flip = |(file, place): (String, usize)| Mutant {
            name: format!("{file} byte {place}"),
            at: Where::Store,
            change: altered(&file, place),
        };
        self.store_places().into_iter().map(flip).collect()
    }

    fn store_cuts(&self) -> Vec<Mutant> {
        let cut = |(file, length): (String, usize)| Mutant {
            name: format!("{file} cut to {length}"),
            at: Where::Store,
            change: cut(&file, length),
        };
        self.store_places().into_iter().map(cut).collect()
    }

    /// Frames of the store deleted, given each other's place, or kept a second time, with sled's own hands.
    fn moved_frames(&self) -> Vec<Mutant> {
        // sled writes even where it is only asked: the original stays as it is.
        let copy = self.path.with_extension("copy");
        copy_all(&self.path, &copy);
        let keys = on_frames(&copy, |frames| {
            let keys = frames.iter().keys().map(|key| key.unwrap());
            keys.filter(|key| key.len() == 8).collect::<Vec<_>>()
        });
        let mut mutants = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            let own = key.clone();
            let delete = move |dir: &Path| on_frames(dir, |frames| drop(frames.remove(&own).unwrap()));
            mutants.push(store_mutant(format!("without frame {place}"), delete));
            for (other_place, other) in keys.iter().enumerate().skip(place + 1) {
                let (one, two) = (key.clone(), other.clone());
                let swap = move |dir: &Path| {
                    on_frames(dir, |frames| {
                        let first = frames.get(&one).unwrap().unwrap();
                        let second = frames.insert(&two, first).unwrap().unwrap();
                        frames.insert(&one, second).unwrap();
                    });
                };
                mutants.push(store_mutant(format!("frames {place} and {other_place} swapped"), swap));
                let (one, two) = (key.clone(), other.clone());
                let twice = move |dir: &Path| {
                    on_frames(dir, |frames| {
                        let first = frames.get(&one).unwrap().unwrap();
                        frames.insert(&two, first).unwrap();
                    });
                };
                mutants.push(store_mutant(format!("frame {place} in the place of {other_place}"), twice));
            }
        }
        mutants
    }

    fn without_files(&self) -> Vec<Mutant> {
        let names = self.store_files().into_iter().map(|(name, _)| name).chain(["store".to_owned()]);
        let taken = names.map(|name| {
            let file = name.clone();
            store_mutant(format!("without {file}"), move |dir: &Path| {
                let path = dir.join(&name);
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            })
        });
        let mut mutants: Vec<Mutant> = taken.collect();
        let anywhere = |name: &str, change: fn(&Path)| Mutant {
            name: name.to_owned(),
            at: Where::Anywhere,
            change: Box::new(change),
        };
        mutants.push(anywhere("without journal", |dir| fs::remove_file(dir.join("journal")).unwrap()));
        mutants.push(anywhere("without lock", |dir| fs::remove_file(dir.join("lock")).unwrap()));
        mutants.push(anywhere("journal and store/db swapped", |dir| {
            let (journal, db) = (dir.join("journal"), dir.join("store/db"));
            let held = fs::read(&journal).unwrap();
            fs::copy(&db, &journal).unwrap();
            fs::write(&db, held).unwrap();
        }));
        mutants
    }

    /// An entry altered in the journal, and in the store the frame that holds the one so many entries further, with
    /// whatever sled still has of that frame as it was written before.
    fn both_copies(&self, further: usize) -> Vec<Mutant> {
        let frames = frames_in(&fs::read(self.path.join("store/db")).unwrap());
        let count = self.records.len() - 1;
        let mut mutants = Vec::new();
        for number in 1..=count {
            let other = (number + further - 1) % count + 1;
            let first = frames.iter().map(|(first, _)| *first).filter(|first| *first <= other).max().unwrap();
            let places: Vec<usize> =
                frames.iter().filter(|frame| frame.0 == first).map(|frame| frame.1).collect();
            let in_journal = self.records[number - 1] + 20;
            let change = move |dir: &Path| {
                altered("journal", in_journal)(dir);
                for place in &places {
                    altered("store/db", *place)(dir);
                }
            };
            let at = Where::Journal(self.append_of(number as u64), number as u64);
            let name = format!("{number} in the journal, the frame of {other} in the store");
            mutants.push(Mutant { name, at, change: Box::new(change) });
        }
        mutants
    }

    fn rolled_back(&self) -> Vec<Mutant> {
        let back = |(state, count): &(PathBuf, u64)| {
            let state = state.clone();
            let change = move |dir: &Path| {
                fs::remove_dir_all(dir).unwrap();
                copy_all(&state, dir);
            };
            Mutant { name: format!("to {count}"), at: Where::Checkpoint(count + 1), change: Box::new(change) }
        };
        self.earlier.iter().map(back).collect()
    }

    fn chained_anew(&self) -> Vec<Mutant> {
        let anew = |number: usize| {
            let log = Log::read(&self.path).unwrap();
            let change = move |dir: &Path| {
                fs::remove_dir_all(dir).unwrap();
                chain_anew(&log, number, dir);
            };
            Mutant { name: format!("from {number}"), at: Where::Nowhere, change: Box::new(change) }
        };
        (1..self.records.len()).map(anew).collect()
    }
}

/// Whether what was there is still in the directory, whatever was done to it.
pub(crate) fn is_repairable(class: &str) -> bool {
    !["both copies, one frame", "rolled back, all of it", "chained anew, all of it"].contains(&class)
}

fn store_mutant(name: String, change: impl Fn(&Path) + 'static) -> Mutant {
    Mutant { name, at: Where::Store, change: Box::new(change) }
}

fn found(audited: &Result<Audit, OpenError>, counts: fn(&Fault) -> bool) -> bool {
    let Ok(audited) = audited else { return true };
    // That the store lags, or is not there, is said; after a crash it is as it should be.
    let said =
        !audited.remarks.is_empty() || audited.not_checked.iter().any(|line| line.starts_with("store"));
    said || audited.faults.iter().any(|located| counts(&located.fault))
}

fn is_located(audited: &Result<Audit, OpenError>, at: &Where) -> bool {
    let Ok(audited) = audited else { return matches!(at, Where::Anywhere) };
    let faults = &audited.faults;
    match at {
        Where::Journal(first, last) => faults
            .iter()
            .any(|located| located.part == Part::Journal && (*first..=*last).contains(&located.entry)),
        Where::Store => {
            let said = audited.remarks.iter().chain(&audited.not_checked).any(|line| line.contains("store"));
            said || faults.iter().any(|located| located.part == Part::Store)
        }
        Where::Checkpoint(entry) => faults.iter().any(|located| located.entry == *entry),
        Where::Nowhere => true,
        Where::Anywhere => !faults.is_empty(),
    }
}

/// Writes a history with valid hashes in which one entry and so every later one is another.
fn chain_anew(log: &Log, from: usize, dir: &Path) {
    let entries = log.entries.iter().map(|(_, entry)| {
        let mut act = (*entry.act).clone();
        if entry.number == from as u64 {
            act.note = Some(ledger::act::Text::parse("another").unwrap());
        }
        Submitted { line: 0, act: Box::new(act), recorded_at: Some(RecordedAt::Asserted(entry.recorded_at)) }
    });
    Ledger::create(dir, entries.collect(), at(0)).unwrap();
    let (ledger, _) = Ledger::open(dir).unwrap();
    ledger.close().unwrap();
}

fn altered(file: &str, place: usize) -> Change {
    let file = file.to_owned();
    Box::new(move |dir| {
        let path = dir.join(&file);
        let mut bytes = fs::read(&path).unwrap();
        bytes[place] ^= 1 << (place % 8);
        fs::write(path, bytes).unwrap();
    })
}

fn cut(file: &str, length: usize) -> Change {
    let file = file.to_owned();
    Box::new(move |dir| {
        let path = dir.join(&file);
        fs::File::options().write(true).open(path).unwrap().set_len(length as u64).unwrap();
    })
}

/// The places of a file that are not far from anything but zeros: space that was never written holds nothing.
fn written(file: &Path) -> Vec<usize> {
    let bytes = fs::read(file).unwrap();
    let near = |place: usize| &bytes[place.saturating_sub(64)..(place + 64).min(bytes.len())];
    (0..bytes.len()).filter(|place| near(*place).iter().any(|byte| *byte != 0)).collect()
}

/// The packed frames in the file of a store: the first entry of each, and a place in the middle of what is packed.
fn frames_in(db: &[u8]) -> Vec<(usize, usize)> {
    let marks = (0..db.len()).filter(|at| db[*at..].starts_with(b"\x02chframe"));
    let frame = |at: usize| {
        let packed = u32::from_be_bytes(db[at + 12..at + 16].try_into().unwrap());
        let first = u64::from_be_bytes(db[at + 20..at + 28].try_into().unwrap());
        (usize::try_from(first).unwrap(), at + 100 + packed as usize / 2)
    };
    marks.map(frame).collect()
}

fn checksum(record: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in record[..4].iter().chain(&record[8..]) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

fn on_frames<T>(dir: &Path, work: impl FnOnce(&sled::Tree) -> T) -> T {
    let db = sled::Config::new().path(dir.join("store")).flush_every_ms(None).open().unwrap();
    let frames = db.open_tree("frames").unwrap();
    let done = work(&frames);
    db.flush().unwrap();
    done
}

pub(crate) fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_all(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

/// The names of the files of the original, for whoever wants to know what was altered.
pub(crate) fn files_of(original: &Original) -> BTreeSet<String> {
    original.store_files().into_iter().map(|(name, length)| format!("{name} ({length} bytes)")).collect()
}
