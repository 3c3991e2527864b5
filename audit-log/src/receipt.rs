//! The promise that an answer carries: index, leaf and batch, signed once a batch (audit.md section 4).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::decimal;
use crate::note::{LogKey, NoteError, VKey};
use crate::tree::{Hash, Levels, root_from_path};

/// The header that carries a promise.
pub const HEADER: &str = "Visum-Audit";
/// Most entries of a batch: a promise's path has at most 9 hashes.
pub(crate) const BATCH_ENTRIES: usize = 512;
/// No origin begins so: so no promise reads as a checkpoint.
pub(crate) const PROMISE: &str = "visum-promise/";
/// Longest header value that is read: origin, numbers, 9 hashes and a signature.
const HEADER_BYTES: usize = 1024;

/// That an entry is durable, and the log's signed promise to show it under a checkpoint within 120 s.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(crate) batch: Arc<Batch>,
    /// Place in the batch.
    pub(crate) place: u64,
}

/// One commit batch: its tree and its signature.
#[derive(Debug)]
pub(crate) struct Batch {
    name: VKey,
    first: u64,
    tree: Levels,
    time: i64,
    signature: [u8; 64],
}

impl Batch {
    /// Signs a batch that is durable.
    pub(crate) fn sign(key: &LogKey, name: VKey, first: u64, leaves: Vec<Hash>, time: i64) -> Self {
        let tree = Levels::new(leaves);
        let signature = key.sign(text(name.name(), first, tree.size(), &tree.root(), time).as_bytes());
        Self {
            name,
            first,
            tree,
            time,
            signature,
        }
    }
}

/// What is signed.
fn text(origin: &str, first: u64, count: u64, root: &Hash, time: i64) -> String {
    format!(
        "{PROMISE}1\n{origin}\n{first} {count}\n{}\n{time}\n",
        STANDARD.encode(root)
    )
}

impl Receipt {
    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.batch.name.name()
    }

    /// The entry's index in the log.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.batch.first + self.place
    }

    /// The entry's leaf hash.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        self.batch.tree.leaf(self.place).unwrap_or_default()
    }

    /// When the batch was written, in Unix seconds.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.batch.time
    }

    /// The value of the `Visum-Audit` header.
    #[must_use]
    pub fn header_value(&self) -> String {
        let batch = &self.batch;
        let path = batch.tree.inclusion(self.place).unwrap_or_default().concat();
        let mut signature = batch.name.id().to_vec();
        signature.extend_from_slice(&batch.signature);
        format!(
            "v1;{}#{};{};{};{}+{};{};{}",
            self.origin(),
            self.index(),
            STANDARD.encode(self.leaf()),
            batch.time,
            batch.first,
            batch.tree.size(),
            STANDARD.encode(path),
            STANDARD.encode(signature)
        )
    }
}

/// A promise out of a header, with a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The log's origin.
    pub origin: String,
    /// The entry's index.
    pub index: u64,
    /// The entry's leaf hash.
    pub leaf: Hash,
    /// When it was given, in Unix seconds.
    pub time: i64,
}

impl Promise {
    /// Checks a `Visum-Audit` value with the log's key alone.
    ///
    /// # Errors
    /// [`NoteError`]: another form, another log, an index outside of the batch, or what was not signed so.
    pub fn check(value: &str, key: &VKey) -> Result<Self, NoteError> {
        let wrong = NoteError::new("a promise is `v1;origin#index;leaf;time;first+count;path;signature`");
        if value.len() > HEADER_BYTES {
            return Err(NoteError::new("a promise is longer than it can be"));
        }
        let parts: Vec<&str> = value.split(';').collect();
        let ["v1", place, leaf, time, batch, path, signature] = parts.as_slice() else {
            return Err(wrong);
        };
        let (origin, index) = place.rsplit_once('#').ok_or(wrong.clone())?;
        let (first, count) = batch.split_once('+').ok_or(wrong.clone())?;
        let number = |text| decimal(text).ok_or(wrong.clone());
        let (index, first, count) = (number(index)?, number(first)?, number(count)?);
        let time = i64::try_from(number(time)?).map_err(|_| wrong.clone())?;
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| wrong.clone());
        let leaf: Hash = bytes(leaf)?.try_into().map_err(|_| wrong.clone())?;
        let (path, signature) = (bytes(path)?, bytes(signature)?);
        let (path, []) = path.as_chunks::<32>() else {
            return Err(wrong);
        };
        if origin != key.name() || key.is_witness() {
            return Err(NoteError::new("a promise of another log"));
        }
        let place = index
            .checked_sub(first)
            .filter(|place| *place < count && count <= BATCH_ENTRIES as u64);
        let place = place.ok_or(NoteError::new("the index is outside of the batch"))?;
        let root = root_from_path(leaf, place, count, path).ok_or(NoteError::new("the path has another length"))?;
        let signature = signature
            .strip_prefix(&key.id())
            .ok_or(NoteError::new("a promise by another key"))?;
        if !key.signed(text(origin, first, count, &root, time).as_bytes(), signature) {
            return Err(NoteError::new("this was not signed so"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            index,
            leaf,
            time,
        })
    }
}
