//! SQLite: a bitemporal table with the same hash chain, and the indexes that the same questions need.

use std::path::Path;

use ledger::Hash;
use ledger::act::Submitted;
use rusqlite::{Connection, params};

pub(crate) struct Sqlite {
    db: Connection,
    number: i64,
    previous: Hash,
}

/// An act as its columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) actor: String,
    pub(crate) subject: String,
    pub(crate) target: Option<String>,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Row {
    pub(crate) fn of(submitted: &Submitted, bytes: Vec<u8>) -> Self {
        let act = &submitted.act;
        let party = |id: Option<&ledger::PartyId>| id.map(ToString::to_string).unwrap_or_default();
        let day = |day: ledger::Day| i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day());
        Self {
            bytes,
            id: act.id.as_ref().map(ToString::to_string),
            kind: act.deed.kind().to_owned(),
            actor: party(act.deed.actor()),
            subject: party(act.deed.subject()),
            target: act.deed.target().map(ToString::to_string),
            from: act.effective.as_ref().map_or(i64::MIN, |date| day(date.earliest())),
            to: act.effective.as_ref().map_or(i64::MIN, |date| day(date.latest())),
        }
    }
}

const SCHEMA: &str = "
    CREATE TABLE acts (
        number INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL,
        id TEXT, kind TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, target TEXT,
        effective_from INTEGER NOT NULL, effective_to INTEGER NOT NULL, bytes BLOB NOT NULL
    );
    CREATE UNIQUE INDEX by_id ON acts (id);
    CREATE INDEX by_pair ON acts (actor, subject, kind, effective_from);
    CREATE INDEX by_subject ON acts (subject, kind, effective_from);
    CREATE INDEX by_kind ON acts (kind, effective_from);
    CREATE INDEX by_target ON acts (target) WHERE target IS NOT NULL;";

impl Sqlite {
    pub(crate) fn create(path: &Path) -> Self {
        let db = Self::connect(path);
        db.execute_batch(SCHEMA).unwrap();
        Self { db, number: 0, previous: Hash::NONE }
    }

    pub(crate) fn connect(path: &Path) -> Connection {
        let db = Connection::open(path).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -64000;").unwrap();
        db
    }

    /// Appends rows in one transaction, each chained to the one before.
    pub(crate) fn append(&mut self, rows: &[Row]) {
        let transaction = self.db.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO acts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .unwrap();
            for row in rows {
                self.number += 1;
                let mut chained = self.previous.0.to_vec();
                chained.extend_from_slice(&row.bytes);
                let hash = Hash::of(&chained);
                insert
                    .execute(params![
                        self.number, self.number, self.previous.0, hash.0, row.id, row.kind, row.actor,
                        row.subject, row.target, row.from, row.to, row.bytes
                    ])
                    .unwrap();
                self.previous = hash;
            }
        }
        transaction.commit().unwrap();
    }

    /// Reads every row and verifies the chain.
    pub(crate) fn audit(path: &Path) -> u64 {
        let db = Self::connect(path);
        let mut select = db.prepare("SELECT previous, hash, bytes FROM acts ORDER BY number").unwrap();
        let mut rows = select.query([]).unwrap();
        let (mut count, mut last) = (0, Hash::NONE.0.to_vec());
        while let Some(row) = rows.next().unwrap() {
            let previous = row.get_ref(0).unwrap().as_blob().unwrap();
            assert_eq!(previous, last);
            let mut chained = previous.to_vec();
            chained.extend_from_slice(row.get_ref(2).unwrap().as_blob().unwrap());
            last = row.get_ref(1).unwrap().as_blob().unwrap().to_vec();
            assert_eq!(Hash::of(&chained).0.as_slice(), last.as_slice());
            count += 1;
        }
        count
    }
}
