//! The two copies: what is acknowledged stays, what is not whole does not count, one damaged copy loses nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ledger::act::{Draft, Place, Submitted};
use ledger::audit::{Against, Part, Terms, audit};
use ledger::remains::NotWhole;
use ledger::{
    Act, Appended, Archive, Condition, Expected, Head, History, Instant, Ledger, OpenError, RecordedAt,
    Refusal,
};
use serde_json::Value;

fn at(text: &str) -> RecordedAt {
    RecordedAt::Asserted(text.parse::<Instant>().unwrap())
}

const NOON: &str = "2020-01-01T12:00:00Z";

fn act(fields: &[(&str, &str)]) -> Submitted {
    let mut draft = Draft::new(0);
    for (name, word) in fields {
        draft.push(name, Value::from(*word), Place::default());
    }
    Act::read(draft).unwrap().into()
}

fn party(id: &str) -> Submitted {
    act(&[("kind", "entity.created"), ("subject", id), ("party", "state")])
}

fn visit(day: &str) -> Submitted {
    act(&[("kind", "visit"), ("actor", "AAA"), ("subject", "BBB"), ("effective", day)])
}

/// A ledger of two parties in a directory that goes when the test ends.
fn little() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chancery.ledger");
    Ledger::create(&path, vec![party("AAA"), party("BBB")], at(NOON)).unwrap();
    (dir, path)
}

fn append(path: &Path, acts: Vec<Submitted>) -> Appended {
    let (mut ledger, _) = Ledger::open(path).unwrap();
    let appended = ledger.append(acts, at(NOON), None).unwrap();
    ledger.close().unwrap();
    appended
}

fn conditions(path: &Path) -> Vec<Condition> {
    let (ledger, conditions) = Ledger::open(path).unwrap();
    ledger.close().unwrap();
    conditions
}

fn is_torn(found: &Condition) -> bool {
    matches!(found, Condition::Torn { .. })
}

/// A ledger of six entries, the head of it, and its journal's bytes.
fn six() -> (tempfile::TempDir, PathBuf, Head, Vec<u8>) {
    let (dir, path) = little();
    append(&path, vec![visit("2001"), visit("2002")]);
    let head = append(&path, vec![visit("2003"), visit("2004")]).head;
    let journal = fs::read(path.join("journal")).unwrap();
    (dir, path, head, journal)
}

#[test]
fn what_is_appended_is_there_and_in_both_copies() {
    let (_dir, path, head, _) = six();
    let history = History::read(&path).unwrap();
    assert_eq!((history.head, history.entries.len(), history.instead), (head, 6, None));
    let found =
        audit(&path, &Terms::against(Against::Head(Expected { number: 6, hash: head.hash }))).unwrap();
    assert_eq!((found.faults, found.not_checked, found.store_read), (vec![], vec![], true));
}

#[test]
fn an_act_that_is_there_already_is_passed_over_and_another_under_its_id_is_refused() {
    let (_dir, path) = little();
    let named = |day| act(&[("kind", "visit"), ("actor", "AAA"), ("effective", day), ("id", "v")]);
    assert_eq!(append(&path, vec![named("2001")]).new, 3..=3);
    let appended = append(&path, vec![named("2001"), visit("2002")]);
    assert_eq!((appended.known, appended.new), (vec![3], 4..=4));
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let refused = ledger.append(vec![visit("2005"), named("2003")], at(NOON), None);
    assert!(matches!(refused, Err(Refusal::Problems(problems)) if problems.len() == 1));
    assert_eq!(ledger.head().number, 4, "whole or nothing");
}

#[test]
fn an_append_is_refused_when_the_head_is_another_or_the_time_goes_back() {
    let (_dir, path, head, _) = six();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let stale = Expected { number: 5, hash: head.hash };
    assert!(matches!(
        ledger.append(vec![visit("2005")], at(NOON), Some(stale)),
        Err(Refusal::NotExpected { .. })
    ));
    let early = at("2019-01-01T00:00:00Z");
    assert!(matches!(ledger.append(vec![visit("2005")], early, None), Err(Refusal::Backwards { .. })));
    let right = Expected { number: 6, hash: head.hash };
    assert_eq!(ledger.append(vec![visit("2005")], at(NOON), Some(right)).unwrap().head.number, 7);
}

#[test]
fn one_process_writes_and_the_others_read_meanwhile() {
    let (_dir, path, head, _) = six();
    let (_writer, _) = Ledger::open(&path).unwrap();
    assert!(matches!(Ledger::open(&path), Err(OpenError::Taken(_))));
    assert_eq!(History::read(&path).unwrap().head, head);
    let found = audit(&path, &Terms::default()).unwrap();
    assert!(found.faults.is_empty() && found.not_checked.iter().any(|line| line.contains("writing")));
}

/// Cut anywhere within its last append, a journal whose store does not reach further ends before that append.
#[test]
fn half_an_append_never_counts() {
    let (_dir, path, _, journal) = six();
    let (_other, whole) = little();
    append(&whole, vec![visit("2001"), visit("2002")]);
    let four = fs::read(whole.join("journal")).unwrap();
    assert_eq!(journal[..four.len()], four, "the same acts are the same bytes");
    for cut in four.len()..journal.len() {
        fs::remove_dir_all(path.join("store")).ok();
        fs::write(path.join("journal"), &journal[..cut]).unwrap();
        assert_eq!(History::read(&path).unwrap().entries.len(), 4, "cut at {cut}");
        let torn = conditions(&path).into_iter().find(|found| matches!(found, Condition::Torn { .. }));
        assert_eq!(torn.is_some(), cut > four.len(), "cut at {cut}");
        assert_eq!(fs::read(path.join("journal")).unwrap(), four);
    }
}

/// A journal cut short or changed in any byte loses nothing while the store is sound.
#[test]
fn a_damaged_journal_is_restored_from_the_store() {
    let (_dir, path, head, journal) = six();
    for place in (0..journal.len()).step_by(7) {
        let mut damaged = journal.clone();
        damaged[place] ^= 0x10;
        fs::write(path.join("journal"), &damaged).unwrap();
        let found =
            audit(&path, &Terms::against(Against::Head(Expected { number: 6, hash: head.hash }))).unwrap();
        assert!(!found.is_sound(Part::Journal), "byte {place}");
        assert_eq!(History::read(&path).unwrap().head, head, "byte {place}");
        let put_right = conditions(&path);
        assert!(
            put_right.iter().any(|found| matches!(found, Condition::JournalRestored { .. })),
            "byte {place}"
        );
        assert_eq!(History::read(&path).unwrap().head, head);
    }
    for cut in (0..journal.len()).step_by(11) {
        fs::write(path.join("journal"), &journal[..cut]).unwrap();
        let found = audit(&path, &Terms::default()).unwrap();
        assert!(!found.faults.is_empty(), "cut at {cut}");
        conditions(&path);
        assert_eq!(History::read(&path).unwrap().head, head, "cut at {cut}");
    }
}

/// Whatever is done to the store, the journal answers, and the next opening makes the store sound again.
#[test]
fn a_damaged_store_is_rebuilt_from_the_journal() {
    let (_dir, path, head, _) = six();
    let db = path.join("store").join("db");
    let sound = fs::read(&db).unwrap();
    for place in [0, 1000, 5000, 20_000, sound.len() / 2, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[place] ^= 0xff;
        fs::write(&db, &damaged).unwrap();
        assert_eq!(History::read(&path).unwrap().head, head, "byte {place}");
        conditions(&path);
        let found =
            audit(&path, &Terms::against(Against::Head(Expected { number: 6, hash: head.hash }))).unwrap();
        assert_eq!((found.faults, found.store_read), (vec![], true), "byte {place}");
    }
    fs::remove_dir_all(path.join("store")).unwrap();
    assert_eq!(conditions(&path), [Condition::StoreLagged { entries: 6 }]);
}

#[test]
fn a_head_kept_elsewhere_shows_what_was_cut_from_both_copies() {
    let (_dir, path, head, journal) = six();
    let (_other, shorter) = little();
    append(&shorter, vec![visit("2001"), visit("2002")]);
    let four = fs::read(shorter.join("journal")).unwrap();
    assert!(four.len() < journal.len());
    let found =
        audit(&shorter, &Terms::against(Against::Head(Expected { number: 6, hash: head.hash }))).unwrap();
    assert_eq!((found.faults.len(), found.faults[0].entry), (1, 6));
    let blind = audit(&shorter, &Terms::default()).unwrap();
    assert!(blind.faults.is_empty() && blind.not_checked[0].starts_with("truncation"));
    assert!(path.exists());
}

#[test]
fn what_is_no_ledger_says_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| Ledger::open(path).unwrap_err().to_string();
    assert!(open(&dir.path().join("nothing")).starts_with("there is no ledger at"));
    assert!(open(dir.path()).contains("is not a ledger"));
    fs::write(dir.path().join("journal"), "chancery journal 2\n").unwrap();
    assert!(open(dir.path()).contains("has format 2; this program reads format 1"));
    fs::write(dir.path().join("journal"), "something else").unwrap();
    assert!(open(dir.path()).contains("is not a ledger"));
}

/// Where each record of a journal begins, and at the end its length.
fn records(journal: &[u8]) -> Vec<usize> {
    let mut places = vec![19];
    while *places.last().unwrap() < journal.len() {
        let at = *places.last().unwrap();
        places.push(at + 8 + usize::from(u16::from_le_bytes([journal[at], journal[at + 1]])));
    }
    places
}

fn faults(path: &Path, part: Part) -> Vec<u64> {
    let found = audit(path, &Terms::default()).unwrap().faults;
    found.iter().filter(|located| located.part == part).map(|located| located.entry).collect()
}

fn flip(path: &Path, places: &[usize]) {
    let mut bytes = fs::read(path).unwrap();
    for place in places {
        bytes[*place] ^= 0x10;
    }
    fs::write(path, bytes).unwrap();
}

/// Where in the store's file the frames lie that begin with an entry: the one that counts, and what sled still has of it
/// as it was written before. Each place is in the middle of what is packed.
fn frames_from(path: &Path, first: u64) -> Vec<usize> {
    let db = fs::read(path.join("store/db")).unwrap();
    let number = |at: usize| u64::from_be_bytes(db[at + 20..at + 28].try_into().unwrap());
    let packed = |at: usize| u32::from_be_bytes(db[at + 12..at + 16].try_into().unwrap()) as usize;
    let marks = (0..db.len()).filter(|at| db[*at..].starts_with(b"\x02chframe"));
    let places: Vec<usize> =
        marks.filter(|at| number(*at) == first).map(|at| at + 100 + packed(at) / 2).collect();
    assert!(!places.is_empty(), "a frame begins with {first}");
    places
}

/// A ledger of a hundred entries, in three frames; the head of it, and its journal's bytes.
fn hundred() -> (tempfile::TempDir, PathBuf, Head, Vec<u8>) {
    let (dir, path) = little();
    let head = append(&path, (1..99).map(|n| visit(&(1900 + n).to_string())).collect()).head;
    let journal = fs::read(path.join("journal")).unwrap();
    (dir, path, head, journal)
}

#[test]
fn every_damaged_record_of_a_journal_is_named() {
    let (_dir, path, head, journal) = six();
    let places = records(&journal);
    let file = path.join("journal");
    let damage = |bytes: &[u8]| fs::write(&file, bytes).unwrap();
    flip(&file, &[places[1] + 20, places[3] + 2, places[5] + 30]);
    assert_eq!(faults(&path, Part::Journal), [2, 4, 6]);
    damage(&[&journal[..places[2]], &journal[places[3]..]].concat());
    assert_eq!(faults(&path, Part::Journal), [3], "taken out");
    damage(&[&journal[..places[3]], &journal[places[2]..]].concat());
    assert_eq!(faults(&path, Part::Journal), [3], "there twice");
    let swapped = [&journal[places[3]..places[4]], &journal[places[2]..places[3]]].concat();
    damage(&[&journal[..places[2]], &swapped, &journal[places[4]..]].concat());
    assert_eq!(faults(&path, Part::Journal), [3, 3], "swapped with the next");
    damage(&[&journal[..places[1]], &b"junk in between"[..], &journal[places[1]..]].concat());
    assert_eq!(faults(&path, Part::Journal), [2], "junk before it");
    assert_eq!(History::read(&path).unwrap().head, head);
}

#[test]
fn copies_damaged_in_different_frames_lose_nothing() {
    let (_dir, path, head, journal) = hundred();
    let stored = frames_from(&path, 49);
    flip(&path.join("journal"), &[records(&journal)[1] + 40]);
    flip(&path.join("store/db"), &stored);
    let found = audit(&path, &Terms::default()).unwrap();
    assert!(!found.is_sound(Part::Journal), "{:?}", found.faults);
    // sled may give the store up from the damaged frame on: then it only lags.
    assert!(!found.is_sound(Part::Store) || !found.remarks.is_empty(), "{:?}", found.faults);
    assert_eq!((found.head, found.together), (head, Some(Ok(()))));
    assert_eq!(History::read(&path).unwrap().head, head);
    let put_right = conditions(&path);
    assert!(
        put_right.iter().any(|found| matches!(found, Condition::JournalRestored { .. })),
        "{put_right:?}"
    );
    let is_sound_again =
        |found: &Condition| matches!(found, Condition::StoreRebuilt { .. } | Condition::StoreLagged { .. });
    assert!(put_right.iter().any(is_sound_again), "{put_right:?}");
    assert_eq!(fs::read(path.join("journal")).unwrap().len(), journal.len());
    let again =
        audit(&path, &Terms::against(Against::Head(Expected { number: 100, hash: head.hash }))).unwrap();
    assert_eq!((again.faults, again.store_read), (vec![], true));
}

/// Entries of a frame are packed together: one byte costs all of them there, and so each that the journal has lost too.
#[test]
fn an_entry_damaged_in_both_copies_is_named_and_nothing_is_changed() {
    for (number, lost) in [(3, "3"), (6, "6 and whatever followed it")] {
        let (_dir, path, _, journal) = six();
        let stored = frames_from(&path, 1);
        flip(&path.join("journal"), &[records(&journal)[number - 1] + 40]);
        flip(&path.join("store/db"), &stored);
        let before = fs::read(path.join("journal")).unwrap();
        for _ in 0..2 {
            let words = format!("neither copy holds these entries any more: {lost}");
            assert_eq!(History::read(&path).unwrap_err().to_string(), words);
            assert_eq!(Ledger::open(&path).unwrap_err().to_string(), words);
            let Some(Err(NotWhole::Lost(named))) = audit(&path, &Terms::default()).unwrap().together else {
                panic!()
            };
            assert_eq!(named.to_string(), lost);
        }
        assert_eq!(fs::read(path.join("journal")).unwrap(), before);
        assert!(!path.join("store.damaged-1").exists());
    }
}

/// A record that was altered and given a right checksum is told from the true one by the entry after it.
#[test]
fn a_forged_record_is_told_by_the_entry_after_it() {
    let (_dir, path, head, journal) = six();
    let (_other, forged) = little();
    append(&forged, vec![visit("2001"), visit("2009")]);
    let theirs = fs::read(forged.join("journal")).unwrap();
    let places = records(&journal);
    let last = records(&theirs);
    assert_eq!(places[..5], last[..5]);
    fs::write(path.join("journal"), [&theirs[..], &journal[places[4]..]].concat()).unwrap();
    assert_eq!(faults(&path, Part::Journal), [5], "whose link does not hold");
    assert_eq!(faults(&path, Part::Store), [4], "where the copies differ");
    assert_eq!(History::read(&path).unwrap().head, head);
    conditions(&path);
    assert_eq!(fs::read(path.join("journal")).unwrap().len(), journal.len());
    assert_eq!(History::read(&path).unwrap().head, head);
    assert!(audit(&path, &Terms::default()).unwrap().faults.is_empty());
}

/// A tail that was never written is torn; a whole record that does not read is damaged, with or without a store.
#[test]
fn a_torn_end_is_told_from_a_damaged_one() {
    let (_dir, path, _, journal) = six();
    let places = records(&journal);
    let file = path.join("journal");
    // With or without room for more.
    for (place, room) in (places[5]..journal.len()).flat_map(|place| [(place, 0), (place, 3000)]) {
        fs::remove_dir_all(path.join("store")).ok();
        fs::write(&file, [&journal[..], &vec![0; room]].concat()).unwrap();
        flip(&file, &[place]);
        assert!(matches!(History::read(&path), Err(OpenError::Lost(_))), "byte {place} before {room}");
        assert!(matches!(Ledger::open(&path), Err(OpenError::Lost(_))), "byte {place} before {room}");
    }
    fs::write(&file, &journal).unwrap();
    let long = ("id", &*"x".repeat(100));
    let fields = [("kind", "visit"), ("actor", "AAA"), ("subject", "BBB"), ("effective", "2005"), long];
    append(&path, vec![act(&fields)]);
    let longer = fs::read(&file).unwrap();
    for room in [0, 4096] {
        let zeros = vec![0; longer.len() - places[6] - 20 + room];
        fs::write(&file, [&longer[..places[6] + 20], &zeros].concat()).unwrap();
        fs::remove_dir_all(path.join("store")).ok();
        assert_eq!(History::read(&path).unwrap().entries.len(), 6);
        assert!(conditions(&path).iter().any(is_torn));
        assert_eq!(fs::read(&file).unwrap(), journal);
    }
}

/// A writer makes room in the journal, which is no part of it: it is not seen, and goes.
#[test]
fn room_for_more_is_nothing() {
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    for day in ["2001", "2002", "2003"] {
        ledger.append(vec![visit(day)], at(NOON), None).unwrap();
    }
    let journal = fs::read(path.join("journal")).unwrap();
    assert!(journal.ends_with(&[0; 4096]));
    let read = |path: &Path| {
        let history = History::read(path).unwrap();
        let archive = Archive::open(path).unwrap();
        assert_eq!((history.head, history.instead), (archive.head(), None));
        history.head
    };
    assert_eq!(read(&path), ledger.head());
    let killed = path.with_extension("killed");
    copy(&path, &killed);
    assert_eq!(read(&killed), ledger.head());
    let found = audit(&killed, &Terms::default()).unwrap();
    assert_eq!((found.faults, found.head), (vec![], ledger.head()));
    assert!(!conditions(&killed).iter().any(is_torn));
    ledger.close().unwrap();
    let closed = fs::read(path.join("journal")).unwrap();
    assert_eq!(fs::read(killed.join("journal")).unwrap(), closed);
    assert_eq!(*records(&closed).last().unwrap(), closed.len());
    assert!(journal.starts_with(&closed));
}

/// Readers come whenever they like: what was acknowledged before they came is there, and nothing is half there.
#[test]
fn readers_beside_a_writer_that_stays_open_see_whole_appends() {
    const APPENDS: usize = 2000;
    const GROUP: usize = 3;
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let acknowledged = AtomicU64::new(ledger.head().number);
    let is_over = || acknowledged.load(Ordering::SeqCst) >= 2 + (APPENDS * GROUP) as u64;
    let check = |least: u64, number: u64, instead: bool| {
        assert!(number >= least && !instead, "{number} of at least {least}");
        assert!((number - 2).is_multiple_of(GROUP as u64), "{number} is in the middle of an append");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over() {
                let least = acknowledged.load(Ordering::SeqCst);
                check(least, Archive::open(&path).unwrap().head().number, false);
            }
        });
        scope.spawn(|| {
            while !is_over() {
                let least = acknowledged.load(Ordering::SeqCst);
                let history = History::read(&path).unwrap();
                check(least, history.head.number, history.instead.is_some());
            }
        });
        for from in (0..APPENDS * GROUP).step_by(GROUP) {
            let head = ledger.append(visits(from..from + GROUP), at(NOON), None).unwrap().head;
            acknowledged.store(head.number, Ordering::SeqCst);
        }
    });
    ledger.close().unwrap();
}

/// A power cut leaves any sectors of the append that was being written, the last one among them, and not others.
#[test]
fn an_append_of_which_a_sector_was_never_written_does_not_count() {
    const SECTOR: usize = 512;
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    for acts in [visits(0..1), visits(1..2)] {
        ledger.append(acts, at(NOON), None).unwrap();
    }
    let file = path.join("journal");
    let before = (*records_before_room(&fs::read(&file).unwrap()).last().unwrap(), ledger.head());
    ledger.append(visits(2..30), at(NOON), None).unwrap();
    let journal = fs::read(&file).unwrap();
    drop(ledger);
    let end = *records_before_room(&journal).last().unwrap();
    let sectors: Vec<std::ops::Range<usize>> = (before.0 / SECTOR..end.div_ceil(SECTOR))
        .map(|sector| before.0.max(sector * SECTOR)..end.min((sector + 1) * SECTOR))
        .collect();
    assert!(sectors.len() > 5, "there are several");
    for lost in 1..1_u32 << sectors.len() {
        let mut torn = journal.clone();
        for (place, range) in sectors.iter().enumerate() {
            if lost & (1 << place) != 0 {
                torn[range.clone()].fill(0);
            }
        }
        fs::remove_dir_all(path.join("store")).ok();
        fs::write(&file, &torn).unwrap();
        assert_eq!(History::read(&path).unwrap().head, before.1, "without {lost:b}");
        let found = conditions(&path);
        let nothing = lost == (1 << sectors.len()) - 1;
        assert!(nothing != found.iter().any(is_torn), "without {lost:b}: {found:?}");
        assert_eq!(fs::read(&file).unwrap(), journal[..before.0], "without {lost:b}");
        for kept in fs::read_dir(&path).unwrap().map(|file| file.unwrap().path()) {
            if kept.to_str().unwrap().contains("torn") {
                fs::remove_file(kept).unwrap();
            }
        }
    }
}

/// Where the records begin, and the last one ends.
fn records_before_room(journal: &[u8]) -> Vec<usize> {
    let places = records(journal);
    // A record of no length is room.
    let room = places.windows(2).position(|two| two[1] == two[0] + 8).unwrap_or(places.len() - 1);
    places[..=room].to_vec()
}

/// Acts of a day each, numbered; more than are ever held in memory where there are twenty thousand.
fn visits(numbers: std::ops::Range<usize>) -> Vec<Submitted> {
    let numbered = |number: usize| {
        let (id, day) = (format!("v{number}"), format!("20{:02}-01-01", number % 100));
        let fields =
            [("kind", "visit"), ("actor", "AAA"), ("subject", "BBB"), ("effective", &day), ("id", &id)];
        Submitted { line: number, ..act(&fields) }
    };
    numbers.map(numbered).collect()
}

const MANY: usize = 20_000;

/// Many small appends of one writer: the index is written meanwhile, and comes out as if it were made anew.
#[test]
fn a_writer_that_stays_open_leaves_the_same_index() {
    const GROUP: usize = 40;
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    for from in (0..MANY).step_by(GROUP) {
        let mut acts = visits(from..from + GROUP);
        let (id, target) = (format!("r{from}"), format!("v{}", from / 2));
        acts.push(act(&[("kind", "act.retracted"), ("act", &target), ("id", &id)]));
        let appended = ledger.append(acts, at(NOON), None).unwrap();
        assert_eq!(appended.store_lags, None);
    }
    let head = ledger.head();
    let killed = path.with_extension("killed");
    copy(&path, &killed);
    assert!(names(&killed.join("index")).contains(&"1-16384".to_owned()), "it is written as entries come");
    assert_eq!(Archive::open(&killed).unwrap().head(), head);
    conditions(&killed);
    ledger.close().unwrap();
    for path in [&path, &killed] {
        let found = audit(path, &Terms { full: true, ..Terms::default() }).unwrap();
        assert!(found.index_read);
        assert_eq!((found.faults, found.head), (vec![], head));
    }
    assert_eq!(names(&path.join("index")), names(&killed.join("index")));
}

#[test]
fn what_is_taken_in_does_not_count_before_it_is_committed() {
    let (_dir, path) = little();
    let head = append(&path, visits(0..2000)).head;
    let before = fs::read(path.join("journal")).unwrap();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let mut intake = ledger.begin(at(NOON), None).unwrap();
    intake.take(visits(2000..MANY)).unwrap();
    assert!(fs::metadata(path.join("journal")).unwrap().len() > before.len() as u64, "some of it is written");
    assert_eq!(Archive::open(&path).unwrap().head(), head);
    assert_eq!(History::read(&path).unwrap().head, head);

    // Killed here, it leaves nothing.
    let killed = path.with_extension("killed");
    copy(&path, &killed);
    assert!(matches!(conditions(&killed)[..], [Condition::Torn { kept: None, .. }]));
    assert_eq!(fs::read(killed.join("journal")).unwrap(), before);
    assert_eq!(names(&killed.join("index")), ["1-1024"]);

    // And so it does when it is let go.
    drop(intake);
    assert_eq!(fs::read(path.join("journal")).unwrap(), before);
    let appended = ledger.append(visits(1999..2001), at(NOON), None).unwrap();
    assert_eq!((appended.known, appended.new), (vec![2002], 2003..=2003));
    ledger.close().unwrap();
    let audit = audit(&path, &Terms::default()).unwrap();
    assert_eq!((audit.head.number, audit.faults), (2003, Vec::new()));
}

#[test]
fn batches_make_one_append_and_all_of_them_are_checked_together() {
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let mut intake = ledger.begin(at(NOON), None).unwrap();
    for batch in 0..MANY / 1000 {
        intake.take(visits(batch * 1000..(batch + 1) * 1000)).unwrap();
    }
    // One that was taken in long before is known, one that refers to it is sound.
    intake.take(visits(7..8)).unwrap();
    let correction = [("kind", "act.retracted"), ("act", "v8"), ("note", "never took place")];
    intake.take(vec![act(&correction)]).unwrap();
    let appended = intake.commit().unwrap();
    assert_eq!((appended.known, appended.new), (vec![10], 3..=MANY as u64 + 3));
    ledger.close().unwrap();
    let audit = audit(&path, &Terms::default()).unwrap();
    assert_eq!((audit.head, audit.faults), (appended.head, Vec::new()));
    assert_eq!(names(&path.join("index")).len(), 4, "16, 1, 1 and 1 thousands");
}

#[test]
fn what_is_wrong_in_any_batch_is_said_together_and_nothing_is_recorded() {
    let (_dir, path) = little();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let before = ledger.head();
    let mut intake = ledger.begin(at(NOON), None).unwrap();
    let wrong = |line, id, subject| {
        let fields =
            [("kind", "visit"), ("actor", "AAA"), ("subject", subject), ("effective", "2003"), ("id", id)];
        vec![Submitted { line, ..act(&fields) }]
    };
    intake.take(visits(1..100)).unwrap();
    intake.take(wrong(100, "v100", "BBD")).unwrap();
    intake.take(visits(101..200)).unwrap();
    // Of one that was taken in, of the wrong one, and of one after it: the last with the same words.
    intake.take(wrong(200, "v7", "BBB")).unwrap();
    intake.take(wrong(201, "v100", "BBB")).unwrap();
    assert_eq!(intake.take(visits(150..151)).unwrap().len(), 1);
    let Err(Refusal::Problems(problems)) = intake.commit() else { panic!("it was recorded") };
    let told: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.place.line, problem.flaw)).collect();
    assert_eq!(
        told,
        [
            "100: `BBD` is not a declared party",
            "200: entry 9 already has id `v7` with other content",
            "201: entry 102 already has id `v100` with other content",
        ]
    );
    assert_eq!(problems[0].flaw.nearest(), ["BBB"]);
    assert_eq!(ledger.head(), before);
    assert_eq!(ledger.append(visits(1..2), at(NOON), None).unwrap().new, 3..=3);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

fn names(dir: &Path) -> Vec<String> {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.collect();
    names.sort();
    names
}
