/// The one generator of a run (SplitMix64): every random number comes from the seed, and from integers alone.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// A stream of its own for one purpose: draws for one never shift the draws for another.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = u128::from(high.saturating_sub(low)) + 1;
        low + u64::try_from((u128::from(self.next()) * width) >> 64).unwrap_or(0)
    }

    pub(crate) fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            for (octet, drawn) in chunk.iter_mut().zip(drawn) {
                *octet = drawn;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_between_their_bounds_and_reach_both() {
        let mut chance = Chance::new(1, 2);
        let drawn: Vec<_> = (0..200).map(|_| chance.between(1, 4)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&1), Some(&4)));
    }

    #[test]
    fn a_purpose_has_a_stream_of_its_own() {
        assert_ne!(Chance::new(1, 2).next(), Chance::new(1, 3).next());
        assert_eq!(Chance::new(1, 2).next(), Chance::new(1, 2).next());
    }
}
