//! A sorted list that answers "how many before?" and "which is the n-th?" without walking over its members,
//! so that a page of a long list costs no more than one of a short list. Chunks of bounded size.
use smol_str::SmolStr;

/// Where an entry stands: its sort number (created_at in ms, or a priority), then its id.
pub type Position = (i64, SmolStr);

const CHUNK: usize = 512;

/// Positions in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    chunks: Vec<Vec<Position>>,
    len: usize,
}

impl Ordered {
    pub const fn new() -> Ordered {
        Ordered { chunks: Vec::new(), len: 0 }
    }

    pub fn contains(&self, position: &Position) -> bool {
        self.chunks.get(self.chunk_of(position)).is_some_and(|chunk| chunk.binary_search(position).is_ok())
    }

    /// From positions in any order, each at most once.
    pub fn from_unsorted(mut positions: Vec<Position>) -> Ordered {
        positions.sort();
        let len = positions.len();
        let chunks = positions.chunks(CHUNK).map(<[Position]>::to_vec).collect();
        Ordered { chunks, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Which chunk a position belongs to: the last one that begins at or before it.
    fn chunk_of(&self, position: &Position) -> usize {
        self.chunks.partition_point(|chunk| chunk.first().is_some_and(|first| first <= position)).saturating_sub(1)
    }

    pub fn insert(&mut self, position: Position) {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let index = self.chunk_of(&position);
        let chunk = &mut self.chunks[index];
        let Err(at) = chunk.binary_search(&position) else { return };
        self.len += 1;
        if chunk.len() < CHUNK {
            chunk.insert(at, position);
            return;
        }
        // Appending at the very end opens a new chunk, so that ascending inserts leave full chunks behind.
        if at == chunk.len() {
            self.chunks.insert(index + 1, vec![position]);
            return;
        }
        let upper = chunk.split_off(CHUNK / 2);
        if at <= chunk.len() {
            chunk.insert(at, position);
            self.chunks.insert(index + 1, upper);
        } else {
            let at = at - chunk.len();
            self.chunks.insert(index + 1, upper);
            self.chunks[index + 1].insert(at, position);
        }
    }

    pub fn remove(&mut self, position: &Position) {
        if self.chunks.is_empty() {
            return;
        }
        let index = self.chunk_of(position);
        let Ok(at) = self.chunks[index].binary_search(position) else { return };
        self.chunks[index].remove(at);
        self.len -= 1;
        if self.chunks[index].is_empty() {
            self.chunks.remove(index);
        }
    }

    /// How many positions stand before this one (it need not be in the list).
    pub fn before(&self, position: &Position) -> usize {
        let mut count = 0;
        for chunk in &self.chunks {
            if chunk.last().is_some_and(|last| last < position) {
                count += chunk.len();
            } else {
                return count + chunk.partition_point(|other| other < position);
            }
        }
        count
    }

    /// How many stand before this one or at it.
    pub fn through(&self, position: &Position) -> usize {
        let before = self.before(position);
        before + usize::from(self.from(before).next() == Some(position))
    }

    /// The positions from the n-th on.
    pub fn from(&self, start: usize) -> impl Iterator<Item = &Position> {
        let mut skipped = start;
        let mut first = self.chunks.len();
        for (index, chunk) in self.chunks.iter().enumerate() {
            if skipped < chunk.len() {
                first = index;
                break;
            }
            skipped -= chunk.len();
        }
        self.chunks[first..].iter().flatten().skip(skipped)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Position> {
        self.chunks.iter().flatten()
    }
}
