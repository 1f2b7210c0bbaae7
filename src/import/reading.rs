//! Files as they lie on the disk: whole, digested, and unpacked on the way, never beyond reason.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

/// How many times its size a packed file may unfold to: gzip packs lists about sevenfold.
const RATIO: u64 = 100;
/// What any packed file may unfold to, however small it is.
const ALWAYS: u64 = 16 * 1024 * 1024;
/// What no list unfolds to: the largest, the advanced list of the US Treasury, has a tenth of it.
const MOST: u64 = 1024 * 1024 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The digest of a file as it lies there, packed or not, with its algorithm.
pub(crate) fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(format!("blake3:{}", hasher.finalize().to_hex()))
}

/// Opens a file and unpacks what its first bytes say is packed; `counted` sees it as it lies there.
pub(crate) fn open<R: Read + 'static>(
    path: &Path,
    counted: impl FnOnce(File) -> R,
) -> io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = BufReader::with_capacity(64 * 1024, counted(file));
    let first = bytes.fill_buf()?;
    let unpacked = size.saturating_mul(RATIO).clamp(ALWAYS, MOST);
    if first.starts_with(GZIP) {
        Ok(Box::new(Limited { inner: MultiGzDecoder::new(bytes), left: unpacked }))
    } else if first.starts_with(ZSTD) {
        let decoder = StreamingDecoder::new(bytes).map_err(io::Error::other)?;
        Ok(Box::new(Limited { inner: decoder, left: unpacked }))
    } else {
        Ok(Box::new(Limited { inner: bytes, left: MOST }))
    }
}

/// Whether what follows is XML, a byte order mark and blanks aside.
pub(crate) fn begins_as_xml(bytes: &mut impl BufRead) -> io::Result<bool> {
    let first = bytes.fill_buf()?;
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    Ok(first.trim_ascii_start().starts_with(b"<"))
}

/// A reader that fails where a small file goes on unfolding.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it unfolds beyond all reason")),
        }
        Ok(count)
    }
}
