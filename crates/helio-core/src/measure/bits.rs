//! A set of small numbers.

use alloc::vec::Vec;

/// Which of the numbers below `capacity` are in; one bit each, and only up to the largest that was ever in.
#[derive(Clone, Debug, Default)]
pub(super) struct BitSet {
    words: Vec<u64>,
    capacity: usize,
    len: usize,
}

impl BitSet {
    /// An empty set that holds numbers below `capacity`.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { words: Vec::new(), capacity, len: 0 }
    }

    /// Adds `number`; false when it was in already or is not below the capacity.
    pub(super) fn insert(&mut self, number: usize) -> bool {
        if number >= self.capacity {
            return false;
        }
        if number / 64 >= self.words.len() {
            self.words.resize(number / 64 + 1, 0);
        }
        let Some(word) = self.words.get_mut(number / 64) else { return false };
        let bit = 1 << (number % 64);
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }

    /// How many numbers are in.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many numbers below `end` are in.
    pub(super) fn len_below(&self, end: usize) -> usize {
        let whole: u32 = self.words.iter().take(end / 64).map(|word| word.count_ones()).sum();
        let part = self.words.get(end / 64).map_or(0, |word| (word & ((1 << (end % 64)) - 1)).count_ones());
        (whole + part) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_set_of_the_numbers_below_its_capacity(
            numbers in proptest::collection::vec(0usize..300, 0..400), capacity in 0usize..280, end in 0usize..400,
        ) {
            let mut model = BTreeSet::new();
            let mut set = BitSet::with_capacity(capacity);
            for number in numbers {
                prop_assert_eq!(set.insert(number), number < capacity && model.insert(number));
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(set.len_below(end), model.range(..end).count());
        }
    }
}
