//! Which sequence numbers have come: a bitmap of which only the partly filled blocks take memory.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::ops::Range;

const WORD: u64 = 64;
const BLOCK: u64 = 64 * WORD;

/// A set of sequence numbers. A block of 4,096 numbers takes 512 bytes while it is neither empty nor full; the caller
/// bounds the numbers (`limits::NUMBERED_SEQUENCES`) and with them the memory.
#[derive(Clone, Debug, Default)]
pub struct SequenceSet {
    blocks: BTreeMap<u64, Block>,
    len: u64,
}

#[derive(Clone, Debug)]
enum Block {
    Full,
    Partial { words: Box<[u64; 64]>, filled: u16 },
}

impl SequenceSet {
    /// Adds `sequence`; false when it was there already.
    pub fn insert(&mut self, sequence: u64) -> bool {
        let block = self
            .blocks
            .entry(sequence / BLOCK)
            .or_insert_with(|| Block::Partial { words: Box::new([0; 64]), filled: 0 });
        let Block::Partial { words, filled } = block else { return false };
        let word = &mut words[(sequence % BLOCK / WORD) as usize];
        let bit = 1 << (sequence % WORD);
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
        *filled += 1;
        if u64::from(*filled) == BLOCK {
            *block = Block::Full;
        }
        self.len += 1;
        true
    }

    /// Number of sequence numbers in the set.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True when nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The maximal runs of numbers below `end` that are missing, in order.
    pub fn gaps(&self, end: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut at = 0;
        core::iter::from_fn(move || {
            let start = self.next(at, end, false)?;
            at = self.next(start, end, true).unwrap_or(end);
            Some(start..at)
        })
    }

    /// The first number from `from` on and below `end` that is in the set, or that is not.
    fn next(&self, from: u64, end: u64, present: bool) -> Option<u64> {
        let mut at = from;
        while at < end {
            match self.blocks.get(&(at / BLOCK)) {
                None if !present => return Some(at),
                Some(Block::Full) if present => return Some(at),
                // Nothing there: the next block that exists is the next chance.
                None => {
                    let (&block, _) = self.blocks.range(at / BLOCK..).next()?;
                    at = block * BLOCK;
                }
                Some(Block::Full) => at = (at / BLOCK + 1) * BLOCK,
                Some(Block::Partial { words, .. }) => {
                    let word = words[(at % BLOCK / WORD) as usize];
                    let wanted = if present { word } else { !word } >> (at % WORD);
                    if wanted != 0 {
                        return Some(at + u64::from(wanted.trailing_zeros())).filter(|&found| found < end);
                    }
                    at = (at / WORD + 1) * WORD;
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The obvious way to find gaps, one number at a time.
    fn plain_gaps(set: &BTreeSet<u64>, end: u64) -> Vec<Range<u64>> {
        let mut gaps: Vec<Range<u64>> = Vec::new();
        for missing in (0..end).filter(|n| !set.contains(n)) {
            match gaps.last_mut() {
                Some(last) if last.end == missing => last.end += 1,
                _ => gaps.push(missing..missing + 1),
            }
        }
        gaps
    }

    #[test]
    fn a_full_block_takes_no_bitmap_and_still_knows_its_numbers() {
        let mut set = SequenceSet::default();
        assert!((0..BLOCK).all(|n| set.insert(n)));
        assert!(matches!(set.blocks[&0], Block::Full));
        assert!((0..BLOCK).all(|n| !set.insert(n)));
        assert_eq!(set.len(), BLOCK);
        assert!(set.gaps(BLOCK + 1).eq(core::iter::once(BLOCK..BLOCK + 1)));
    }

    #[test]
    fn a_lone_high_number_leaves_one_gap_and_one_block() {
        let mut set = SequenceSet::default();
        let last = crate::limits::NUMBERED_SEQUENCES - 1;
        assert!(set.insert(last));
        assert!(set.gaps(last + 1).eq(core::iter::once(0..last)));
        assert_eq!(set.blocks.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn agrees_with_a_plain_set(
            runs in proptest::collection::vec((0u64..20_000, 1u64..5_000), 0..8), singles: Vec<u16>, end in 0u64..30_000,
        ) {
            let (mut set, mut plain) = (SequenceSet::default(), BTreeSet::new());
            let numbers = runs.iter().flat_map(|&(start, len)| start..start + len);
            for n in numbers.chain(singles.iter().map(|&n| u64::from(n))) {
                prop_assert_eq!(set.insert(n), plain.insert(n));
            }
            prop_assert_eq!(set.len(), plain.len() as u64);
            prop_assert_eq!(set.gaps(end).collect::<Vec<_>>(), plain_gaps(&plain, end));
        }
    }
}
