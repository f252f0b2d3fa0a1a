//! Counts side by side, with the sum before any of them and the place of the n-th thing in logarithmic time (a Fenwick
//! tree). Knows numbers only.

/// A row of counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranks {
    /// `sums[i]` is the sum of the counts in `(i - lowest_bit(i + 1), i]`.
    sums: Vec<usize>,
}

/// The lowest bit that is set.
fn lowest_bit(number: usize) -> usize {
    number & number.wrapping_neg()
}

impl Ranks {
    pub fn new(counts: impl Iterator<Item = usize>) -> Ranks {
        let mut sums: Vec<usize> = counts.collect();
        for index in 1..=sums.len() {
            let parent = index + lowest_bit(index);
            if parent <= sums.len() {
                sums[parent - 1] += sums[index - 1];
            }
        }
        Ranks { sums }
    }

    /// One more count at the end.
    pub fn push(&mut self, count: usize) {
        let number = self.sums.len() + 1;
        let (mut sum, mut child) = (count, number - 1);
        while child > number - lowest_bit(number) {
            sum += self.sums[child - 1];
            child -= lowest_bit(child);
        }
        self.sums.push(sum);
    }

    /// The count at an index becomes larger by one.
    pub fn raise(&mut self, index: usize) {
        self.each_over(index, |sum| *sum += 1);
    }

    /// The count at an index becomes smaller by one.
    pub fn lower(&mut self, index: usize) {
        self.each_over(index, |sum| *sum -= 1);
    }

    fn each_over(&mut self, index: usize, change: impl Fn(&mut usize)) {
        let mut number = index + 1;
        while number <= self.sums.len() {
            change(&mut self.sums[number - 1]);
            number += lowest_bit(number);
        }
    }

    /// The sum of the counts before an index.
    pub fn before(&self, index: usize) -> usize {
        let (mut sum, mut number) = (0, index);
        while number > 0 {
            super::probe::place();
            sum += self.sums[number - 1];
            number -= lowest_bit(number);
        }
        sum
    }

    /// Under which index the n-th thing is (from 0), and how many of that index's things stand before it; beyond the last
    /// thing: the number of indexes.
    pub fn find(&self, n: usize) -> (usize, usize) {
        let (mut index, mut rest) = (0, n);
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            super::probe::place();
            if index + step <= self.sums.len() && self.sums[index + step - 1] <= rest {
                index += step;
                rest -= self.sums[index - 1];
            }
            step /= 2;
        }
        (index, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_places_are_those_of_a_plain_walk() {
        let mut counts: Vec<usize> = (0..37).map(|index| index * 7 % 5).collect();
        let mut ranks = Ranks::new(counts.iter().copied());
        for (number, count) in [(40, 3), (41, 0), (42, 9)] {
            ranks.push(count);
            counts.push(count);
            assert_eq!(counts.len(), number - 2);
        }
        for index in [0, 5, 38, 39] {
            ranks.raise(index);
            counts[index] += 1;
        }
        ranks.lower(5);
        counts[5] -= 1;
        assert_eq!(ranks, Ranks::new(counts.iter().copied()));
        let all: usize = counts.iter().sum();
        for index in 0..=counts.len() {
            assert_eq!(ranks.before(index), counts[..index].iter().sum::<usize>());
        }
        for n in 0..all {
            let (index, rest) = ranks.find(n);
            assert_eq!(ranks.before(index) + rest, n);
            assert!(rest < counts[index]);
        }
        assert_eq!(ranks.find(all).0, counts.len());
        assert_eq!(Ranks::default().find(3), (0, 3));
    }
}
