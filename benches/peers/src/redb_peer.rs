//! redb: entries by number, and the numbers of the acts of each pair.

use std::path::Path;

use redb::{Database, ReadableDatabase, TableDefinition};

use crate::sqlite::Row;

const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
const PAIRS: TableDefinition<'_, (&str, &str, u64), ()> = TableDefinition::new("pairs");

pub(crate) struct Redb {
    db: Database,
    next: u64,
}

impl Redb {
    pub(crate) fn create(path: &Path) -> Self {
        Self { db: Database::create(path).unwrap(), next: 1 }
    }

    pub(crate) fn append(&mut self, rows: &[Row]) {
        let write = self.db.begin_write().unwrap();
        {
            let mut entries = write.open_table(ENTRIES).unwrap();
            let mut pairs = write.open_table(PAIRS).unwrap();
            for row in rows {
                entries.insert(self.next, row.bytes.as_slice()).unwrap();
                pairs.insert((row.actor.as_str(), row.subject.as_str(), self.next), ()).unwrap();
                self.next += 1;
            }
        }
        write.commit().unwrap();
    }

    /// How many entries it holds: what was written is there.
    pub(crate) fn count(&self) -> u64 {
        use redb::ReadableTableMetadata;
        self.db.begin_read().unwrap().open_table(ENTRIES).unwrap().len().unwrap()
    }
}
