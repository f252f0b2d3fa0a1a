//! A sorted list that answers "how many before?" and "which is the n-th?" without walking over its members,
//! so that a page of a long list costs no more than one of a short list. Chunks of bounded size.
use smol_str::SmolStr;

use super::probe;
use super::ranks::Ranks;

/// Where an entry stands: its sort number (created_at in ms, or a priority), then its id.
pub type Position = (i64, SmolStr);

const CHUNK: usize = 512;

/// Positions in ascending order. Most lists have one member (a name, a job's resource), so one costs no allocation.
#[derive(Clone, Debug, Default)]
pub enum Ordered {
    #[default]
    Empty,
    One(Position),
    Many(Box<Many>),
}

impl Ordered {
    /// From positions in any order, each at most once.
    pub fn from_unsorted(mut positions: Vec<Position>) -> Ordered {
        positions.sort();
        Ordered::Many(Box::new(Many(Chunks::from_sorted(&positions))))
    }

    pub fn len(&self) -> usize {
        match self {
            Ordered::Empty => 0,
            Ordered::One(_) => 1,
            Ordered::Many(many) => many.0.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains(&self, position: &Position) -> bool {
        match self {
            Ordered::Empty => false,
            Ordered::One(own) => own == position,
            Ordered::Many(many) => many.0.contains(position),
        }
    }

    pub fn insert(&mut self, position: Position) {
        match self {
            Ordered::Empty => *self = Ordered::One(position),
            Ordered::One(own) if *own == position => {}
            Ordered::One(own) => *self = Ordered::from_unsorted(vec![own.clone(), position]),
            Ordered::Many(many) => many.0.insert(position),
        }
    }

    pub fn remove(&mut self, position: &Position) {
        match self {
            Ordered::Empty => {}
            Ordered::One(own) if own == position => *self = Ordered::Empty,
            Ordered::One(_) => {}
            Ordered::Many(many) => many.0.remove(position),
        }
    }

    /// How many positions stand before this one (it need not be in the list).
    pub fn before(&self, position: &Position) -> usize {
        match self {
            Ordered::Empty => 0,
            Ordered::One(own) => usize::from(own < position),
            Ordered::Many(many) => many.0.before(position),
        }
    }

    /// How many stand before this one or at it.
    pub fn through(&self, position: &Position) -> usize {
        self.before(position) + usize::from(self.contains(position))
    }

    /// The positions from the n-th on.
    pub fn from(&self, start: usize) -> impl Iterator<Item = &Position> {
        let (one, many) = match self {
            Ordered::Empty => (None, None),
            Ordered::One(own) => (Some(own), None),
            Ordered::Many(many) => (None, Some(many.0.from(start))),
        };
        one.into_iter().skip(start).chain(many.into_iter().flatten())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Position> {
        self.from(0)
    }
}

/// Hides how many are held.
#[derive(Clone, Debug)]
pub struct Many(Chunks);

/// Many positions, in chunks.
#[derive(Clone, Debug, Default)]
struct Chunks {
    chunks: Vec<Vec<Position>>,
    /// The lengths of the chunks.
    lengths: Ranks,
    len: usize,
}

impl Chunks {
    fn contains(&self, position: &Position) -> bool {
        self.chunks.get(self.chunk_of(position)).is_some_and(|chunk| search(chunk, position).is_ok())
    }

    fn from_sorted(positions: &[Position]) -> Chunks {
        let mut made =
            Chunks { chunks: positions.chunks(CHUNK).map(<[Position]>::to_vec).collect(), ..Chunks::default() };
        made.len = positions.len();
        made.measure();
        made
    }

    fn measure(&mut self) {
        self.lengths = Ranks::new(self.chunks.iter().map(Vec::len));
    }

    /// Which chunk a position belongs to: the last one that begins at or before it.
    fn chunk_of(&self, position: &Position) -> usize {
        let begins = |chunk: &Vec<Position>| {
            probe::place();
            chunk.first().is_some_and(|first| first <= position)
        };
        self.chunks.partition_point(begins).saturating_sub(1)
    }

    fn insert(&mut self, position: Position) {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
            self.lengths.push(0);
        }
        let index = self.chunk_of(&position);
        let chunk = &mut self.chunks[index];
        let Err(at) = search(chunk, &position) else { return };
        self.len += 1;
        if chunk.len() < CHUNK {
            chunk.insert(at, position);
            self.lengths.raise(index);
            return;
        }
        // Appending at the very end opens a new chunk, so that ascending inserts leave full chunks behind.
        if at == chunk.len() {
            self.chunks.insert(index + 1, vec![position]);
        } else {
            let mut upper = chunk.split_off(CHUNK / 2);
            if at <= chunk.len() {
                chunk.insert(at, position);
            } else {
                upper.insert(at - chunk.len(), position);
            }
            self.chunks.insert(index + 1, upper);
        }
        if index + 2 == self.chunks.len() && self.chunks[index].len() == CHUNK {
            self.lengths.push(1);
        } else {
            self.measure();
        }
    }

    fn remove(&mut self, position: &Position) {
        if self.chunks.is_empty() {
            return;
        }
        let index = self.chunk_of(position);
        let Ok(at) = search(&self.chunks[index], position) else { return };
        self.chunks[index].remove(at);
        self.len -= 1;
        if self.chunks[index].is_empty() {
            self.chunks.remove(index);
            self.measure();
        } else {
            self.lengths.lower(index);
        }
    }

    /// How many positions stand before this one (it need not be in the list). Looks into one chunk only.
    fn before(&self, position: &Position) -> usize {
        let index = self.chunk_of(position);
        let Some(chunk) = self.chunks.get(index) else { return 0 };
        self.lengths.before(index) + search(chunk, position).unwrap_or_else(|at| at)
    }

    /// The positions from the n-th on.
    fn from(&self, start: usize) -> impl Iterator<Item = &Position> {
        let (first, skipped) = self.lengths.find(start);
        let chunks = self.chunks.get(first..).unwrap_or_default();
        chunks.iter().enumerate().flat_map(move |(number, chunk)| {
            let rest = chunk.get(if number == 0 { skipped } else { 0 }..).unwrap_or_default();
            rest.iter().inspect(|_| probe::place())
        })
    }
}

/// Where a position is in a chunk, or would be.
fn search(chunk: &[Position], position: &Position) -> Result<usize, usize> {
    chunk.binary_search_by(|other| {
        probe::place();
        other.cmp(position)
    })
}
