//! What shows that a state file is as it was written: a sum over its rows that a changed row changes, whatever their
//! order, and a hash over its head. Against damage and against edits by hand; it is no signature, for it has no key.

use sha2::{Digest, Sha256};

/// The sum of the hashes of rows, modulo 2^256, little-endian: rows go in and out without the others being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum(pub [u8; 32]);

impl Sum {
    pub fn add(&mut self, section: &str, name: &str, body: &str) {
        let mut carry = 0;
        for (own, other) in self.0.iter_mut().zip(hash([section, name, body])) {
            let sum = u16::from(*own) + u16::from(other) + carry;
            *own = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
    }

    /// A row that was added before.
    pub fn take_away(&mut self, section: &str, name: &str, body: &str) {
        let mut borrow = false;
        for (own, other) in self.0.iter_mut().zip(hash([section, name, body])) {
            let (first, under) = own.overflowing_sub(other);
            let (second, again) = first.overflowing_sub(u8::from(borrow));
            *own = second;
            borrow = under || again;
        }
    }
}

/// No two different rows have the same bytes under the hash.
fn hash(parts: [&str; 3]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// Over the columns of the head.
pub fn seal(texts: &[String], numbers: &[u64], hashes: &[Vec<u8>]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in texts.iter().map(String::as_bytes).chain(hashes.iter().map(Vec::as_slice)) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Sum, hash, seal};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_go_in_and_out_in_any_order(rows in prop::collection::vec(("[a-c]", "[a-c]{0,2}", ".*"), 1..8), at in 0usize..8) {
            let (mut sum, mut turned) = (Sum::default(), Sum::default());
            rows.iter().for_each(|(section, name, body)| sum.add(section, name, body));
            rows.iter().rev().for_each(|(section, name, body)| turned.add(section, name, body));
            prop_assert_eq!(&sum, &turned);
            let (section, name, body) = &rows[at % rows.len()];
            sum.take_away(section, name, body);
            prop_assert_ne!(&sum, &turned);
            sum.add(section, name, body);
            prop_assert_eq!(&sum, &turned);
        }
    }

    #[test]
    fn every_column_and_every_row_shows_in_the_hash() {
        let text = |text: &str| text.to_owned();
        let heads = [
            seal(&[text("a"), text("b")], &[1], &[vec![2]]),
            seal(&[text("ab"), text("")], &[1], &[vec![2]]),
            seal(&[text("a"), text("b")], &[2], &[vec![2]]),
            seal(&[text("a"), text("b")], &[1], &[vec![3]]),
            seal(&[text("a"), text("b")], &[1], &[]),
        ];
        let rows = [hash(["a", "b", "c"]), hash(["ab", "", "c"]), hash(["a", "bc", ""]), hash(["a", "c", "b"])];
        let rows = rows.map(|row| row.to_vec());
        let all: std::collections::BTreeSet<&Vec<u8>> = heads.iter().chain(&rows).collect();
        assert_eq!(all.len(), heads.len() + rows.len());
        assert!(all.iter().all(|hash| hash.len() == 32));
    }
}
