//! The limit: a file to which bytes are appended and synced.

use std::fs::File;
use std::io::Write;
use std::path::Path;

pub(crate) struct Plain(File);

impl Plain {
    pub(crate) fn create(path: &Path) -> Self {
        Self(File::create(path).unwrap())
    }

    pub(crate) fn append(&mut self, entries: &[Vec<u8>]) {
        let mut all = Vec::new();
        for entry in entries {
            all.extend_from_slice(&u32::try_from(entry.len()).unwrap().to_le_bytes());
            all.extend_from_slice(entry);
        }
        self.0.write_all(&all).unwrap();
        self.0.sync_data().unwrap();
    }
}
