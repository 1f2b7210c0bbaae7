//! What is asked through the index is what the whole history answers, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "worlds/mod.rs"]
mod worlds;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ledger::act::Submitted;
use ledger::audit::{Located, Terms, audit};
use ledger::standing::{Change, Entries, Recorded, Side, difference, explain, first, scheduled, story};
use ledger::{
    Archive, Day, Hash, Instant, Knowledge, Ledger, Moment, PartyId, Question, RecordedAt, Refusal, Register,
    Registers, Scope, Standing, answer,
};
use worlds::{Shape, World, state};

/// Few parties and many acts about acts: everything meets everything.
const DENSE: Shape = Shape {
    states: 12,
    listed: 15,
    collectives: 3,
    about: 200,
    ties: 40,
    continued: u64::MAX,
    claims: false,
};

/// Many acts of every register, most of them overtaken.
const NARROW: Shape =
    Shape { states: 3, listed: 2, collectives: 1, about: 40, ties: 20, continued: 1, claims: false };

const ENTRIES: usize = 2600;

/// How many questions are asked of each register.
const QUESTIONS: usize = 30;

fn at(second: i64) -> RecordedAt {
    RecordedAt::Asserted(Instant::from_second(1_600_000_000 + second).unwrap())
}

/// A register whose acts come some at a time; those that are refused, for what they would make of an earlier one,
/// are left out.
fn register(path: &Path, (shape, seed): (Shape, u64), reopen_every: usize) -> Vec<Submitted> {
    let mut world = World::new(shape, seed);
    Ledger::create(path, Vec::new(), at(0)).unwrap();
    let mut ledger = Ledger::open(path).unwrap().0;
    let mut kept: Vec<Submitted> = Vec::new();
    let mut opened_at = 0;
    while kept.len() < ENTRIES {
        let mut acts: Vec<Submitted> = (0..50).map(|_| world.next_submitted()).collect();
        for act in &mut acts {
            act.recorded_at = Some(at(i64::try_from(act.line / 3).unwrap()));
        }
        while let Err(refusal) = ledger.append(acts.clone(), at(0), None) {
            let Refusal::Problems(problems) = refusal else { panic!("{refusal}") };
            acts.retain(|act| problems.iter().all(|problem| problem.place.line != act.line));
        }
        kept.extend(acts);
        if kept.len() - opened_at >= reopen_every {
            opened_at = kept.len();
            ledger.close().unwrap();
            ledger = Ledger::open(path).unwrap().0;
        }
    }
    ledger.close().unwrap();
    kept
}

fn without_index(path: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(path.join("journal"), copy.path().join("journal")).unwrap();
    copy
}

/// The register opened by its index, and then moved away: what is open stays open, and whatever would read the whole
/// history instead finds none and fails.
fn by_index_alone(path: &Path) -> Archive {
    let indexed = Archive::open(path).unwrap();
    fs::rename(path, path.with_extension("away")).unwrap();
    indexed
}

fn segments(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(path.join("index")).unwrap().map(Result::unwrap);
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

struct Dice {
    random: u64,
    shape: Shape,
}

impl Dice {
    fn new(shape: Shape, seed: u64) -> Self {
        Self { random: seed, shape }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % limit
    }

    fn party(&mut self) -> Option<PartyId> {
        let id = match self.below(4) {
            0 => return None,
            1 => format!("list:{}", self.below(self.shape.listed)),
            2 => format!("ORG{}", self.below(self.shape.collectives)),
            _ => state(self.below(self.shape.states)),
        };
        Some(PartyId::parse(&id).unwrap())
    }

    fn question(&mut self) -> Question {
        let (actor, subject) = (self.party(), self.party());
        let registers: Vec<Register> =
            Register::WORDS.iter().filter_map(|word| Register::of_word(word)).collect();
        let register = registers.get(usize::try_from(self.below(20)).unwrap()).copied();
        let through = (actor.is_some() || subject.is_some()) && self.below(3) == 0;
        let year = i16::try_from(1940 + self.below(95)).unwrap();
        let month = i8::try_from(1 + self.below(12)).unwrap();
        Question { as_of: Day::constant(year, month, 15), register, actor, subject, through }
    }
}

fn told(registers: &Registers, question: &Question) -> String {
    let stories: Vec<_> = story(registers, question).into_iter().map(|found| found.key).collect();
    format!(
        "{:?} {stories:?} {:?} {:?}",
        answer(registers, question),
        scheduled(registers, question),
        first(registers, question, None)
    )
}

fn reasons(entries: &[Recorded], question: &Question) -> String {
    format!("{:?}", explain(&Knowledge::of(entries), question))
}

fn changes(archive: &Archive, sides: [(&Question, &Moment); 2]) -> String {
    let ((old, new), _) = archive.sides(sides).unwrap();
    let side = |registers, (question, _)| Side { registers, question };
    let changes = difference(side(&old, sides[0]), side(new.as_ref().unwrap_or(&old), sides[1]));
    format!("{changes:?}")
}

fn compare(whole: &Archive, indexed: &Archive, dice: &mut Dice) {
    let question = dice.question();
    let number = dice.below(whole.head().number + 1);
    let moment: Moment = if dice.below(3) == 0 {
        let instant = at(i64::try_from(number / 3).unwrap()).instant();
        assert_eq!(whole.at(instant).unwrap().number(), indexed.at(instant).unwrap().number(), "{instant}");
        indexed.at(instant).unwrap()
    } else {
        indexed.after(number).unwrap()
    };
    let from = 1 + dice.below(whole.head().number);
    let numbers = from..=from + dice.below(300);
    let numbered = |archive: &Archive| format!("{:?}", archive.numbered(numbers.clone()).unwrap().list);
    assert_eq!(numbered(indexed), numbered(whole), "{numbers:?}");
    let scope = Scope::story(&question);
    let (all, _) = whole.registers(&Scope::Everything, &moment).unwrap();
    let (some, _) = indexed.registers(&scope, &moment).unwrap();
    assert_eq!(told(&some, &question), told(&all, &question), "{question:?} at {}", moment.number());
    let (few, _) = indexed.registers(&Scope::of(&question), &moment).unwrap();
    let answers = [&few, &all].map(|registers| format!("{:?}", answer(registers, &question)));
    assert_eq!(answers[0], answers[1], "{question:?} at {}", moment.number());
    let (at_once, _) = indexed.answer(&question, &moment).unwrap();
    assert_eq!(format!("{at_once:?}"), answers[1], "{question:?} at {}", moment.number());
    let (other_day, other) = (dice.question().as_of, dice.below(whole.head().number + 1));
    let before = Question { as_of: other_day, ..question.clone() };
    for earlier in [&moment, &indexed.after(other).unwrap()] {
        let told = |archive: &Archive| changes(archive, [(&before, earlier), (&question, &moment)]);
        assert_eq!(told(indexed), told(whole), "{question:?} at {}, {before:?} at {other}", moment.number());
    }
    if question.actor.is_some() && question.subject.is_some() {
        let all = whole.entries(&Scope::Everything, &moment).unwrap();
        let some = indexed.entries(&scope, &moment).unwrap();
        assert!(some.list.iter().all(|entry| entry.number <= moment.number()));
        assert_eq!(reasons(&some.list, &question), reasons(&all.list, &question), "{question:?}");
    }
}

#[test]
fn what_the_index_finds_is_what_the_whole_history_answers() {
    for (shape, seed) in [(DENSE, 1), (DENSE, 2), (NARROW, 3)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        register(&path, (shape, seed), 300);
        let bare = without_index(&path);
        let (whole, indexed) = (Archive::open(bare.path()).unwrap(), by_index_alone(&path));
        let mut dice = Dice::new(shape, seed);
        for _ in 0..QUESTIONS {
            compare(&whole, &indexed, &mut dice);
        }
    }
}

/// What was overtaken by a day, and what was to come, is not read for it: on many days, the whole world stands as it
/// does where all of it is read.
#[test]
fn what_is_not_read_for_a_day_tells_nothing_of_it() {
    for seed in 1..=2 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        register(&path, (NARROW, seed), 10_000);
        let indexed = by_index_alone(&path);
        let mut dice = Dice::new(NARROW, seed);
        for _ in 0..4 {
            let moment = indexed.after(1100 + dice.below(1500)).unwrap();
            let (all, _) = indexed.registers(&Scope::Everything, &moment).unwrap();
            for _ in 0..40 {
                let as_of = dice.question().as_of;
                let question = Question { as_of, register: None, actor: None, subject: None, through: false };
                let (few, _) = indexed.registers(&Scope::of(&question), &moment).unwrap();
                let answers = [&few, &all].map(|registers| format!("{:?}", answer(registers, &question)));
                assert_eq!(answers[0], answers[1], "{seed}: {as_of} at {}", moment.number());
                let register = Register::ALL[usize::try_from(dice.below(20)).unwrap() % Register::ALL.len()];
                let question = Question::about(register, as_of);
                let (at_once, _) = indexed.answer(&question, &moment).unwrap();
                let (at_once, whole) = (format!("{at_once:?}"), format!("{:?}", answer(&all, &question)));
                assert_eq!(at_once, whole, "{seed}: {register:?} on {as_of} at {}", moment.number());
            }
        }
    }
}

/// What regimes mean for the sanctions under them is made out once, and holds on every day and for every id that their
/// imposers have borne.
#[test]
fn what_is_imposed_on_a_target_is_told_as_its_regimes_stood() {
    for seed in 5..=6 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        register(&path, (DENSE, seed), 10_000);
        let indexed = by_index_alone(&path);
        let mut dice = Dice::new(DENSE, seed);
        let mut licensed = 0;
        for _ in 0..4 {
            let moment = indexed.after(600 + dice.below(2000)).unwrap();
            let (all, _) = indexed.registers(&Scope::Everything, &moment).unwrap();
            for _ in 0..150 {
                let subject = PartyId::parse(&format!("list:{}", dice.below(DENSE.listed))).unwrap();
                let register = (dice.below(2) == 0).then_some(Register::Sanction);
                let question =
                    Question { register, subject: Some(subject), through: false, ..dice.question() };
                let (told, _) = indexed.answer(&question, &moment).unwrap();
                licensed += told
                    .standings
                    .iter()
                    .map(|standing| standing.circumstances.licensed.len())
                    .sum::<usize>();
                let (told, whole) = (format!("{told:?}"), format!("{:?}", answer(&all, &question)));
                assert_eq!(told, whole, "{seed}: {question:?} at {}", moment.number());
            }
        }
        assert!(licensed > 40, "{licensed}");
    }
}

/// Asked with what comes through collectives, a difference looks at every register; without, at those that something
/// touches.
#[test]
fn a_difference_looks_at_what_is_touched_and_misses_nothing() {
    const CUT: usize = 700;
    for seed in 1..=4 {
        let mut world = World::new(DENSE, seed);
        let entries: Vec<Recorded> = (1..=1000)
            .map(|number| Recorded {
                number,
                recorded_at: at(0).instant(),
                asserted: true,
                hash: Hash::NONE,
                act: world.next_submitted().act,
            })
            .collect();
        let known = |count: usize| Registers::of(&Knowledge::of(&entries[..count]));
        let (some, more) = (known(CUT), known(entries.len()));
        for (from, to) in [(1960, 1961), (1990, 2010), (2015, 1950), (2000, 2000)] {
            for (old, new) in [(&some, &more), (&more, &more), (&more, &some)] {
                let told = |through| {
                    let question = |year| Question {
                        as_of: Day::constant(year, 6, 15),
                        register: None,
                        actor: None,
                        subject: None,
                        through,
                    };
                    let (before, after) = (question(from), question(to));
                    let before = Side { registers: old, question: &before };
                    difference(before, Side { registers: new, question: &after })
                };
                assert_eq!(own(told(false)), own(told(true)), "{seed}: {from} to {to}");
            }
        }
    }
}

/// What changes of what is each party's own.
fn own(changes: Vec<Change>) -> Vec<[Vec<Standing>; 2]> {
    let of_party = |standings: Vec<Standing>| -> Vec<Standing> {
        let own = standings.into_iter().filter(|standing| standing.circumstances.channel.is_none());
        own.map(|standing| Standing { basis: Entries::new(), ..standing }).collect()
    };
    let sides = changes.into_iter().map(|change| [of_party(change.before), of_party(change.after)]);
    sides.filter(|[before, after]| before != after).collect()
}

#[test]
fn the_index_has_the_same_bytes_however_the_acts_came() {
    let dir = tempfile::tempdir().unwrap();
    let one_by_one = dir.path().join("one");
    let acts = register(&one_by_one, (DENSE, 9), 300);
    let at_once = dir.path().join("all");
    Ledger::create(&at_once, Vec::new(), at(0)).unwrap();
    let mut ledger = Ledger::open(&at_once).unwrap().0;
    ledger.append(acts, at(0), None).unwrap();
    ledger.close().unwrap();
    assert_eq!(segments(&one_by_one), segments(&at_once));
    assert_eq!(segments(&at_once).keys().collect::<Vec<_>>(), ["1-1024", "1025-2048"]);
    // And made anew from the journal alone.
    fs::remove_dir_all(at_once.join("index")).unwrap();
    Ledger::open(&at_once).unwrap().0.close().unwrap();
    assert_eq!(segments(&one_by_one), segments(&at_once));
}

#[test]
fn a_damaged_index_changes_no_answer_and_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    register(&path, (DENSE, 4), 10_000);
    let bare = without_index(&path);
    let whole = Archive::open(bare.path()).unwrap();
    let sound = segments(&path);
    let mut dice = Dice::new(DENSE, 4);
    for (name, bytes) in &sound {
        for _ in 0..8 {
            let mut damaged = bytes.clone();
            let place = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
            damaged[place] ^= 1 << dice.below(8);
            fs::write(path.join("index").join(name), &damaged).unwrap();
            let indexed = Archive::open(&path).unwrap();
            for _ in 0..4 {
                compare(&whole, &indexed, &mut dice);
            }
            drop(indexed);
        }
        fs::write(path.join("index").join(name), &bytes[..bytes.len() / 2]).unwrap();
        Ledger::open(&path).unwrap().0.close().unwrap();
        assert_eq!(segments(&path), sound);
    }
    // Names that no segment bears: of nothing, of entries that end before they begin, of more than there can be.
    for name in ["1-0", "0-1", "7-3", "1-18446744073709551615"] {
        fs::write(path.join("index").join(name), b"").unwrap();
        compare(&whole, &Archive::open(&path).unwrap(), &mut dice);
        Ledger::open(&path).unwrap().0.close().unwrap();
        assert_eq!(segments(&path), sound, "{name}");
    }
}

#[test]
fn a_full_audit_names_each_segment_that_is_not_what_the_journal_gives() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    register(&path, (DENSE, 4), 300);
    let before = segments(&path);
    assert_eq!(before.keys().collect::<Vec<_>>(), ["1-1024", "1025-2048"]);
    let full = Terms { full: true, ..Terms::default() };
    let faults = |terms: &Terms| {
        let found = audit(&path, terms).unwrap();
        let told =
            |located: &Located| format!("{} {}: {}", located.part.word(), located.entry, located.fault);
        (found.faults.iter().map(told).collect::<Vec<_>>(), found.not_checked)
    };
    let (found, not_checked) = faults(&full);
    assert_eq!((found.len(), not_checked.len()), (0, 1), "{found:?} {not_checked:?}");
    let (found, not_checked) = faults(&Terms::default());
    assert!(found.is_empty() && not_checked[1].starts_with("index: it was not compared"), "{not_checked:?}");
    for (name, bytes) in &before {
        let file = path.join("index").join(name);
        let (first, last) = name.split_once('-').unwrap();
        let expected = [format!(
            "index {first}: the segment of the entries from here to {last} is not what the journal gives"
        )];
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            fs::write(&file, altered).unwrap();
            assert_eq!(faults(&full).0, expected, "{name} at {place}");
        }
        fs::write(&file, bytes).unwrap();
    }
    fs::remove_file(path.join("index/1-1024")).unwrap();
    assert_eq!(faults(&full).0.len(), 1, "a segment lacks");
    fs::write(path.join("index/1-1024"), &before["1-1024"]).unwrap();
    fs::write(path.join("index/1-512"), "left by a crash, and passed over by everybody").unwrap();
    assert!(faults(&full).0.is_empty());
    fs::write(path.join("index/90000-90001"), "of another history").unwrap();
    assert_eq!(faults(&full).0.len(), 1);
    assert_eq!(segments(&path).len(), before.len() + 2, "an audit changes nothing");
}
